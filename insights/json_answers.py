"""Findings as JSON."""

from __future__ import annotations

from typing import Any

from insights.finding import Finding, FindingCandidate
from kpis.api.response_models import KpiValue, names_of


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding; `change` and `contribution` are in the KPI's unit."""
    body: dict[str, Any] = {
        "kind": finding.kind.value,
        "is_good": finding.is_good,
        "order": finding.order,
        "category": finding.category,
        "kpi": None,
        "name": None,
        "scope": None,
        "sentence": finding.sentence,
        "url": finding.link,
    }
    if finding.stale_feed:
        scope = _scope(finding.stale_feed.course)
        return body | {"scope": scope, "data_through": finding.stale_feed.data_through}
    return body | _candidate_json(finding.candidate) if finding.candidate else body


def _candidate_json(candidate: FindingCandidate) -> dict[str, Any]:
    subject = candidate.subject
    indicator = subject.metric_value.indicator
    body: dict[str, Any] = {
        "kpi": indicator.key,
        "name": indicator.name,
        "scope": _scope(subject.thing),
        "answer": KpiValue.of(subject.metric_value).as_json(),
        "difference": subject.metric_value.difference,
    }
    if candidate.change:
        body["change"] = _change(candidate)
    if candidate.is_of_module:
        body["contribution"] = _rounded(subject.contribution)
        body["share_of_gap"] = _rounded(subject.share_of_gap)
    return body


def _change(candidate: FindingCandidate) -> dict[str, Any] | None:
    change, unit = candidate.change, candidate.subject.metric_value.indicator.unit
    if change is None:
        return None
    low, high = change.interval or (None, None)
    return {
        "value": _rounded(change.value),
        "ci_low": unit.shown(low),
        "ci_high": unit.shown(high),
        "previous": KpiValue.of(change.before).as_json(),
    }


def _scope(thing: Any) -> dict[str, Any] | None:
    """None for everything that the reader may see."""
    if thing is None:
        return None
    return {"by": type(thing)._meta.model_name.removeprefix("course") or "course"} | names_of(thing)


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)
