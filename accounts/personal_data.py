from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import (
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


def _delete_accounts_of_learners(accounts: QuerySet[User], person: Person) -> None:
    """Keep the accounts of those who work here, too: they are no longer linked to the learner."""
    accounts.filter(is_staff=False, is_superuser=False, groups=None).filter(
        course_grants=None, run_grants=None
    ).delete()


holds_personal_data(
    User,
    lambda person: User.objects.filter(learner=person.learner_id),
    ("email", "name", "language", "date_joined", "last_login"),
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
