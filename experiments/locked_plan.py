"""The plan as it is locked at the start: a copy, and a digest that shows later changes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from experiments.models import Experiment

FIELDS = (
    "key", "name", "hypothesis", "unit", "seed", "layer_id", "layer_from", "layer_to", "holdout",
    "only_new", "track", "method", "alpha", "power", "planned_effect", "planned_n", "planned_end",
    "baseline_days", "underpowered_reason",
)  # fmt: skip


def plan_of(experiment: Experiment) -> dict[str, Any]:
    """Return everything that the experiment is planned to do, as JSON."""
    plan = {
        **{name: getattr(experiment, name) for name in FIELDS},
        "courses": _ids_and_keys(experiment.courses.order_by("pk").values_list("pk", "key")),
        "runs": _ids_and_keys(experiment.runs.order_by("pk").values_list("pk", "key")),
        "metrics": list(experiment.metrics.order_by("pk").values("kpi", "role", "margin")),
        "variants": [
            {
                "key": one.key,
                "name": one.name,
                "weight": one.weight,
                "is_control": one.is_control,
                "values": list(
                    one.values.order_by("pk").values(
                        "parameter_key", "module_id", "module__key", "value"
                    )
                ),
            }
            for one in experiment.variants.prefetch_related("values").order_by("position")
        ],
    }
    stored: dict[str, Any] = json.loads(json.dumps(plan, cls=DjangoJSONEncoder))
    return stored


def _ids_and_keys(rows: Any) -> list[dict[str, Any]]:
    return [{"id": pk, "key": key} for pk, key in rows]


def digest_of(plan: dict[str, Any]) -> str:
    """Return the SHA-256 of a plan, whatever the order of its keys."""
    text = json.dumps(plan, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_intact(experiment: Experiment) -> bool:
    """Return whether the stored plan is the one that was locked at the start."""
    return experiment.plan is not None and digest_of(experiment.plan) == experiment.plan_digest
