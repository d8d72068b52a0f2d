from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.mentions import may_name_people
from core.personal_data import Action, holds_personal_data
from dashboard.models import EmbedLink

holds_personal_data(
    EmbedLink,
    lambda person: EmbedLink.objects.filter(made_by=person.user_id),
    action=Action.KEEP,
    reason=_("Made by somebody who works here, whose account stays; deleted with the account."),
)
may_name_people(EmbedLink, "name")
