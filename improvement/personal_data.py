from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.mentions import may_name_people
from core.personal_data import holds_no_personal_data
from improvement.models import (
    Adjustment,
    AdjustmentEvent,
    AdjustmentRule,
    AutomaticBudget,
    ShippedRule,
)

holds_no_personal_data(
    Adjustment,
    AdjustmentEvent,
    AdjustmentRule,
    AutomaticBudget,
    ShippedRule,
    reason=_("Changes of courses, figures of groups, and what the staff decided."),
)
may_name_people(Adjustment, "reason", "decision_reason")
may_name_people(AdjustmentEvent, "reason", "before", "after")
