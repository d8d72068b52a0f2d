from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.personal_data import Action, Person, holds_no_personal_data, holds_personal_data
from lti.models import Context, Member, Participation, Platform, ToolKey, UsedNonce


def _is(person: Person, path: str = "") -> Q:
    return Q(**{f"{path}learner": person.learner_id}) | Q(
        **{f"{path}account": person.user_id, f"{path}account__isnull": False}
    )


# the roles before the people, by whom they are found
holds_personal_data(
    Participation,
    lambda person: Participation.objects.filter(_is(person, "member__")),
    ("is_instructor", "is_learner"),
    action=Action.DELETE,
)
holds_personal_data(
    Member,
    lambda person: Member.objects.filter(_is(person)),
    ("subject",),
    action=Action.DELETE,
)
holds_no_personal_data(Platform, Context, ToolKey, UsedNonce, reason=_("Connections with LMSs."))
