from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.mentions import may_name_people
from core.personal_data import Action, holds_no_personal_data, holds_personal_data, sets
from experiments.models import (
    Analysis,
    AnalysisResult,
    Assignment,
    Deviation,
    Experiment,
    ExperimentEvent,
    Exposure,
    ForcedVariant,
    Layer,
    Metric,
    Revision,
    ShippedChange,
    Variant,
    VariantValue,
)

RESULTS = _("Of a learner who is anonymous by then; results of experiments are computed from it.")

holds_personal_data(
    Assignment, "learner", ("variant", "assigned_at"), action=Action.KEEP, reason=RESULTS
)
holds_personal_data(
    Exposure, "learner", ("variant", "first_at"), action=Action.KEEP, reason=RESULTS
)
# the row stays: without it, the learner would count in the results
holds_personal_data(
    ForcedVariant, "learner", ("variant", "reason"), action=Action.ANONYMIZE, by=sets(reason="–")
)
holds_no_personal_data(
    Experiment,
    Metric,
    Variant,
    VariantValue,
    Layer,
    Revision,
    Deviation,
    ExperimentEvent,
    ShippedChange,
    reason=_("Plans of experiments, and what the staff decided."),
)
holds_no_personal_data(Analysis, AnalysisResult, reason=_("Figures of groups."))
may_name_people(Experiment, "hypothesis", "underpowered_reason", "decision_reason", "plan")
may_name_people(ExperimentEvent, "reason", "before", "after")
may_name_people(Deviation, "reason", "before", "after")
may_name_people(ForcedVariant, "reason")
