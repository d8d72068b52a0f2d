from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.mentions import may_name_people
from core.personal_data import Action, holds_personal_data
from dashboard.models import EmbedLink, ReportSubscription, SavedView

holds_personal_data(
    EmbedLink,
    lambda person: EmbedLink.objects.filter(made_by=person.user_id),
    action=Action.KEEP,
    reason=_("Made by somebody who works here, whose account stays; deleted with the account."),
)
holds_personal_data(
    ReportSubscription,
    lambda person: ReportSubscription.objects.filter(user=person.user_id),
    action=Action.KEEP,
    reason=_("Of somebody who works here, whose account stays; deleted with the account."),
)
may_name_people(EmbedLink, "name")
holds_personal_data(
    SavedView,
    lambda person: SavedView.objects.filter(owner=person.user_id),
    ("name", "query"),
    action=Action.DELETE,
)
may_name_people(SavedView, "name")
