from __future__ import annotations

from django.utils.translation import gettext_lazy as _

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
