from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import (
    AccessRecord,
    ApiKey,
    ApiKeyUse,
    CourseGrant,
    FormerSecret,
    Invitation,
    RunGrant,
    ShippedGroup,
    User,
)
from core.personal_data import Action, Person, holds_no_personal_data, holds_personal_data

OF_LEARNERS = Q(is_staff=False, is_superuser=False, groups=None) & Q(
    course_grants=None, run_grants=None, organization_grants=None
)


def _delete_accounts_of_learners(accounts: QuerySet[User], person: Person) -> None:
    """Keep the accounts of those who work here, too: they are no longer linked to the learner."""
    accounts.filter(OF_LEARNERS).delete()


def _is_by(person: Person) -> Q:
    """Find what the person saw; the records of who saw the person name only a number."""
    return Q(who__in=person.emails) | Q(account=person.user_id, account__isnull=False)


def _hide_who(records: QuerySet[AccessRecord], person: Person) -> None:
    """Leave the name of somebody who works here, whose account stays."""
    stays = User.objects.exclude(OF_LEARNERS).filter(learner=person.learner_id)
    if not stays.exists():
        records.update(who=person.pseudonym)


# the records before the accounts, by which they are found
holds_personal_data(
    AccessRecord,
    lambda person: AccessRecord.objects.filter(_is_by(person)),
    ("at", "who", "action", "about"),
    action=Action.ANONYMIZE,
    by=_hide_who,
)
holds_personal_data(
    User,
    lambda person: User.objects.filter(learner=person.learner_id),
    ("email", "name", "language", "date_joined", "last_login"),
    names=("name",),
    action=Action.DELETE,
    by=_delete_accounts_of_learners,
)
for grant in (CourseGrant, RunGrant):
    holds_personal_data(
        grant,
        "user__learner",
        action=Action.KEEP,
        reason=_("The rights of somebody who works here, whose account stays."),
    )
holds_personal_data(
    Invitation,
    "account__learner",
    ("created_at", "sent_at", "accepted_at", "withdrawn_at"),
    action=Action.DELETE,
)
for device, path, fields in (
    (TOTPDevice, "user", ("created_at", "last_used_at")),
    (StaticDevice, "user", ("created_at", "last_used_at")),
    (StaticToken, "device__user", ()),
):
    holds_personal_data(
        device,
        f"{path}__learner",
        fields,
        action=Action.KEEP,
        reason=_("The second factor of somebody who works here, whose account stays."),
    )
holds_no_personal_data(ApiKey, FormerSecret, ApiKeyUse, reason=_("Keys of other systems."))
holds_no_personal_data(ShippedGroup, reason=_("Groups of permissions."))
