"""The history of an experiment as people read it, with what each entry changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext

from core import localized
from experiments.models import Experiment, ExperimentEvent, Metric
from experiments.written import amount_of, moment_of
from kpis.definitions.units import NO_VALUE

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# what the kind of an entry says already, and which learner it was, which pages do not tell
IMPLIED = {
    "state", "started_at", "started_by_id", "stopped_at", "stopped_by_id", "decided_at",
    "decided_by_id", "plan_digest", "decision_reason", "shipped_variant_id", "learner", "run",
    "api_key",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    event: ExperimentEvent
    # the primary KPI, in whose unit the planned effect is
    kpi: str = ""

    @property
    def at(self) -> str:
        return moment_of(self.event.at)

    @property
    def by(self) -> str:
        return self.event.author

    @property
    def is_deviation(self) -> bool:
        return self.event.kind == ExperimentEvent.Kind.DEVIATED

    @property
    def changes(self) -> list[str]:
        """What changed, such as “Planned end: 2026-09-01 → 2026-10-01”."""
        if self.event.kind == ExperimentEvent.Kind.CREATED:
            return []
        return written_changes(self.event.before, self.event.after, self.kpi)


def written_changes(before: dict[str, Any], after: dict[str, Any], kpi: str = "") -> list[str]:
    """Write what differs between two states that were stored as JSON.

    A planned effect is in the unit of `kpi`, the primary one.
    """
    names = [one for one in after if one not in IMPLIED and before.get(one) != after[one]]
    return [_change(name, _in_words(before, kpi), _in_words(after, kpi)) for name in names]


def _in_words(changed: dict[str, Any], kpi: str) -> dict[str, Any]:
    effect = changed.get("planned_effect")
    written = {} if effect is None else {"planned_effect": amount_of(kpi, effect)}
    if verdict := changed.get("verdict"):
        written["verdict"] = str(Experiment.Verdict(verdict).label)
    return {**changed, **written}


def _change(name: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    value = after[name]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return gettext("%(what)s: changed") % {"what": _label(name)}
    if name not in before:
        return f"{_label(name)}: {_text(value)}"
    return f"{_label(name)}: {_text(before[name])} → {_text(value)}"


def entries(experiment: Experiment) -> list[Entry]:
    """Return the history, latest first."""
    rows = experiment.events.select_related("by").order_by("-at", "-pk")
    kpi = primary_kpi_of(experiment)
    return [Entry(one, kpi) for one in rows]


def primary_kpi_of(experiment: Experiment) -> str:
    """Return the key of the primary KPI; empty if there is none."""
    metrics = experiment.metrics.all()
    return next((one.kpi for one in metrics if one.role == Metric.Role.PRIMARY), "")


def _label(name: str) -> str:
    # what the history names beside the fields of an experiment
    labels = {"weights": gettext("Weights"), "variant": gettext("Variant")}
    if name in labels:
        return labels[name]
    try:
        field: Any = Experiment._meta.get_field(name)
    except FieldDoesNotExist:
        return name.replace("_", " ").capitalize()
    label = str(getattr(field, "verbose_name", name))
    return label[:1].upper() + label[1:]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        # sorted: PostgreSQL keeps no order of keys
        return ", ".join(f"{key} {_text(value[key])}" for key in sorted(value)) or NO_VALUE
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or NO_VALUE
    return NO_VALUE if value in (None, "") else _readable(str(value))


def _readable(text: str) -> str:
    """Write a day that was stored as JSON as people do."""
    try:
        return localized.day(date.fromisoformat(text)) if DAY.fullmatch(text) else text
    except ValueError:
        return text
