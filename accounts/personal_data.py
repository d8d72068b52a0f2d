from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, ApiKeyUse, CourseGrant, FormerSecret, ShippedGroup, User
from core.personal_data import Action, Person, holds_no_personal_data, holds_personal_data


def _delete_accounts_of_learners(accounts: QuerySet[User], person: Person) -> None:
    """Keep the accounts of those who work here, too: they are no longer linked to the learner."""
    accounts.filter(is_staff=False, is_superuser=False, groups=None, course_grants=None).delete()


holds_personal_data(
    User,
    lambda person: User.objects.filter(learner=person.learner_id),
    ("email", "name", "language", "date_joined", "last_login"),
    action=Action.DELETE,
    by=_delete_accounts_of_learners,
)
holds_personal_data(
    CourseGrant,
    lambda person: CourseGrant.objects.filter(user=person.user_id),
    action=Action.KEEP,
    reason=_("The rights of somebody who works here, whose account stays."),
)
holds_no_personal_data(ApiKey, FormerSecret, ApiKeyUse, reason=_("Keys of other systems."))
holds_no_personal_data(ShippedGroup, reason=_("Groups of permissions."))
