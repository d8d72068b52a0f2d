from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.mentions import may_name_people
from core.personal_data import Action, holds_no_personal_data, holds_personal_data, sets
from support.models import ChanceModel, Contact, Ranking, Standing

holds_personal_data(
    Standing, "enrollment__learner", ("score", "last_active_on"), action=Action.DELETE
)
# what came of contacts is counted: the row stays, of a learner who is anonymous by then
holds_personal_data(
    Contact,
    "enrollment__learner",
    ("on", "channel", "result", "note"),
    action=Action.ANONYMIZE,
    by=sets(note=""),
)
holds_no_personal_data(ChanceModel, reason=_("Weights and figures of groups."))
holds_no_personal_data(Ranking, reason=_("When learners were ranked last."))
# of other learners
may_name_people(Contact, "note")
