"""A finding as JSON."""

from __future__ import annotations

from typing import Any

from insights.finding import Finding, FindingCandidate
from kpis.api.response_models import KpiValue, names_of


def finding_json(finding: Finding) -> dict[str, Any]:
    """`answer` is the figure it is about, `change` and `contribution` are in its unit."""
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
    if finding.silence:
        silence = finding.silence
        scope = _scope(silence.course)
        return body | {"scope": scope, "data_through": silence.data_through}
    return body | _of_claim(finding.claim) if finding.claim else body


def _of_claim(claim: FindingCandidate) -> dict[str, Any]:
    subject = claim.subject
    indicator = subject.answer.indicator
    body: dict[str, Any] = {
        "kpi": indicator.key,
        "name": indicator.name,
        "scope": _scope(subject.thing),
        "answer": KpiValue.of(subject.answer).as_json(),
        "difference": subject.answer.difference,
    }
    if claim.change:
        body["change"] = _change(claim)
    if claim.is_of_module:
        body["contribution"] = _rounded(subject.contribution)
        body["share_of_gap"] = _rounded(subject.share_of_gap)
    return body


def _change(claim: FindingCandidate) -> dict[str, Any] | None:
    change, unit = claim.change, claim.subject.answer.indicator.unit
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
    """None for all that the reader may see."""
    if thing is None:
        return None
    return {"by": type(thing)._meta.model_name.removeprefix("course") or "course"} | names_of(thing)


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)
