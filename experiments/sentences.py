"""Write a verdict in the reader's language."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext

from core import localized
from experiments.models import Analysis
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import NO_VALUE, Unit
from presentation.figures import difference_text, hidden_note, rounds_to_zero


def sentence(analysis: Analysis, *, is_hidden: bool) -> str:
    """Say why the verdict is what it is; `is_hidden` if the reader may not learn it."""
    if is_hidden:
        return hidden_note()
    why: dict[str, Any] = analysis.why
    return _texts()[why["code"]] % _written(analysis, why)


def _texts() -> dict[str, str]:
    return {
        "mismatch": gettext(
            "The numbers of units in the variants contradict the weights (p = %(p)s). Something "
            "assigns or exposes them unequally, so no result can be trusted."
        ),
        "no-units": gettext("Not every variant has an exposed unit yet."),
        "before-its-time": gettext(
            "The smallest variant has %(n)s of %(planned_n)s planned units, and the planned end is "
            "%(planned_end)s. Results before that would find effects that do not exist."
        ),
        "stopped-early": gettext(
            "It was stopped with %(n)s of %(planned_n)s planned units in the smallest variant, so "
            "a test at this moment would not be valid."
        ),
        "open": gettext(
            "So far, neither an effect nor harm can be told from chance; the smallest variant has "
            "%(n)s of %(planned_n)s planned units."
        ),
        "better": gettext("%(variant)s improves %(kpi)s: %(effect)s (p = %(p)s)."),
        "worse": gettext("%(variant)s makes %(kpi)s worse: %(effect)s (p = %(p)s)."),
        "guardrail": gettext(
            "%(variant)s makes %(kpi)s worse by more than the margin of %(margin)s: %(effect)s."
        ),
        "guardrail-unclear": gettext(
            "The primary KPI is better, but %(variant)s may make %(kpi)s worse by more than the "
            "margin of %(margin)s: %(effect)s."
        ),
        "no-data": gettext("There are too few data of %(kpi)s to compare the variants."),
        "unclear": gettext(
            "%(variant)s changes %(kpi)s by %(effect)s, which may be chance (p = %(p)s)."
        ),
    }


def _written(analysis: Analysis, why: dict[str, Any]) -> dict[str, str]:
    indicator, end = REGISTRY.get(why.get("kpi", "")), why.get("planned_end")
    margin = why.get("margin")
    return {
        "kpi": indicator.name if indicator else str(why.get("kpi", "")),
        "variant": _variant(analysis, why.get("variant")),
        "p": _p(why.get("p")),
        "n": _number(why.get("n")),
        "planned_n": _number(why.get("planned_n")),
        "planned_end": localized.day(date.fromisoformat(end)) if end else NO_VALUE,
        "effect": _effect(indicator, why),
        "margin": difference_text(indicator.unit, margin * indicator.unit.scale)
        if indicator and margin is not None
        else NO_VALUE,
    }


def _effect(indicator: Indicator | None, why: dict[str, Any]) -> str:
    if indicator is None or why.get("effect") is None:
        return NO_VALUE
    figures = {name: _signed(indicator.unit, why[name]) for name in ("effect", "low", "high")}
    return gettext("%(effect)s (interval %(low)s to %(high)s)") % figures


def _signed(unit: Unit, change: float | None) -> str:
    if change is None:
        return NO_VALUE
    text = difference_text(unit, change * unit.scale)
    if rounds_to_zero(unit, change * unit.scale):
        return text
    return f"{'+' if change > 0 else '−'}{text}"


def _variant(analysis: Analysis, key: str | None) -> str:
    # all, so that a list can fetch the variants of its experiments at once
    variants = analysis.experiment.variants.all() if key else ()
    found = next((one for one in variants if one.key == key), None)
    return str(found or key or "")


def _number(value: int | None) -> str:
    return NO_VALUE if value is None else localized.number(value)


def _p(value: float | None) -> str:
    if value is None:
        return NO_VALUE
    return (
        localized.number(round(value, 4), 4)
        if value >= 0.0001
        else f"< {localized.number(0.0001, 4)}"
    )
