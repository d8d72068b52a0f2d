"""The experiment that the example in docs/events.md is about."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from curriculum.models import Learner
from experiments.models import Assignment, Experiment, Variant

STARTED_AT = datetime(2026, 1, 5, 6, tzinfo=UTC)


def run_documented(learner: str) -> Experiment:
    """Start the documented experiment on the whole site, and assign one learner (key)."""
    experiment = Experiment.objects.create(
        key="longer-deadlines",
        name="Longer deadlines",
        hypothesis="More time helps.",
        state=Experiment.State.RUNNING,
        started_at=STARTED_AT,
        plan={"courses": [], "runs": [], "variants": []},
    )
    variants = [
        Variant(
            experiment=experiment, key=key, weight=Decimal("0.5"), is_control=not at, position=at
        )
        for at, key in enumerate(("control", "longer"))
    ]
    Variant.objects.bulk_create(variants)
    person, _ = Learner.objects.get_or_create(key=learner)
    Assignment.objects.create(
        experiment=experiment, learner=person, variant=variants[1], assigned_at=STARTED_AT
    )
    return experiment
