"""An effect in plain sentences, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from core import localized
from improvement.effects.results import (
    IMPROVED,
    NOT_MEASURABLE,
    TOO_EARLY,
    TOO_FEW,
    WORSENED,
    EffectResult,
    GuardResult,
)
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import Unit
from presentation.figures import difference_text, hidden_note


def sentence(result: EffectResult, *, sees_small_groups: bool = False) -> str:
    """Return what is known of the effect; for a small group only to those who may see it."""
    if result.kpi not in REGISTRY:
        return gettext("This KPI is no longer defined.")
    if result.is_small and not sees_small_groups:
        return hidden_note()
    if not result.is_known:
        return _no_effect(result)
    parts = (_verdict(result), _compared(result), _return_to_mean(result), _needed(result))
    return " ".join(part for part in parts if part)


def guard_sentence(result: GuardResult, *, sees_small_groups: bool = False) -> str:
    """Return what became of a guard KPI since the change."""
    if result.kpi not in REGISTRY:
        return gettext("This KPI is no longer defined.")
    if result.is_small and not sees_small_groups:
        return hidden_note()
    name = REGISTRY[result.kpi].name
    if result.change is None:
        return gettext("%(kpi)s: there are too few observations.") % {"kpi": name}
    figures = {
        "kpi": name,
        "change": _signed(REGISTRY[result.kpi].unit, result.change),
        "interval": _interval(REGISTRY[result.kpi].unit, result.low, result.high),
    }
    if result.has_worsened:
        return (
            gettext("%(kpi)s has worsened significantly: %(change)s (95%% interval %(interval)s).")
            % figures
        )
    return (
        gettext("%(kpi)s has not worsened significantly: %(change)s (95%% interval %(interval)s).")
        % figures
    )


def _no_effect(result: EffectResult) -> str:
    least = localized.number(REGISTRY[result.kpi].min_n)
    name = REGISTRY[result.kpi].name
    if result.outcome == TOO_EARLY:
        return gettext("The watching time has not ended yet.")
    if result.outcome == NOT_MEASURABLE:
        return gettext(
            "%(kpi)s depends on the length of the period and on how many people there are, so it "
            "is not measurable as an effect. Compare its months on the page of the KPI."
        ) % {"kpi": name}
    if result.outcome != TOO_FEW or result.before is None or result.after is None:
        return gettext("Too few observations to say anything about an effect.")
    return gettext(
        "Too few observations to say anything about an effect: %(before)s before the change and "
        "%(after)s after it. At least %(least)s are needed in both."
    ) % {
        "before": localized.number(result.before.n),
        "after": localized.number(result.after.n),
        "least": least,
    }


def _verdict(result: EffectResult) -> str:
    unit = REGISTRY[result.kpi].unit
    figures = {
        "kpi": REGISTRY[result.kpi].name,
        "effect": difference_text(unit, abs(result.value or 0.0) * unit.scale),
        "interval": _interval(unit, result.low, result.high),
    }
    if result.outcome == IMPROVED:
        return (
            gettext("The change improved %(kpi)s by %(effect)s (95%% interval %(interval)s).")
            % figures
        )
    if result.outcome == WORSENED:
        return (
            gettext("The change worsened %(kpi)s by %(effect)s (95%% interval %(interval)s).")
            % figures
        )
    return (
        gettext(
            "It cannot be said whether the change affected %(kpi)s: the 95%% interval of its "
            "effect, %(interval)s, includes zero."
        )
        % figures
    )


def _compared(result: EffectResult) -> str:
    """Return what was compared: before with after, and the unchanged courses or modules."""
    unit = REGISTRY[result.kpi].unit
    before, after = result.before, result.after
    if before is None or after is None:
        return ""
    figures = {"before": unit.text(before.value), "after": unit.text(after.value)}
    if not result.controls or result.controls_change is None:
        return (
            gettext(
                "It was %(before)s before the change and %(after)s after it. There was nothing "
                "unchanged to compare with, so anything else that happened at the same time is "
                "part of the difference."
            )
            % figures
        )
    figures |= {
        "number": localized.number(result.controls),
        "change": _signed(unit, result.controls_change),
    }
    if not result.names_controls:
        return (
            gettext(
                "It was %(before)s before the change and %(after)s after it. The effect is set "
                "against what changed elsewhere in the same days."
            )
            % figures
        )
    if result.control_unit == "module":
        return (
            ngettext(
                "It was %(before)s before the change and %(after)s after it, while it changed by "
                "%(change)s in %(number)s module that was not changed.",
                "It was %(before)s before the change and %(after)s after it, while it changed by "
                "%(change)s in %(number)s modules that were not changed.",
                result.controls,
            )
            % figures
        )
    return (
        ngettext(
            "It was %(before)s before the change and %(after)s after it, while it changed by "
            "%(change)s in %(number)s course that was not changed.",
            "It was %(before)s before the change and %(after)s after it, while it changed by "
            "%(change)s in %(number)s courses that were not changed.",
            result.controls,
        )
        % figures
    )


def _return_to_mean(result: EffectResult) -> str:
    """Return that an alert fires at an extreme, and what happened after others like it."""
    if not result.fired:
        return ""
    text = gettext(
        "An alert fires at an extreme value, so part of the difference would have come by itself; "
        "the interval allows for this."
    )
    if result.alike and result.alike_change is not None:
        unit = REGISTRY[result.kpi].unit
        text += " " + ngettext(
            "Where nothing was changed after such an alert (%(number)s case), it changed by "
            "%(change)s by itself.",
            "Where nothing was changed after such an alert (%(number)s cases), it changed by "
            "%(change)s by itself.",
            result.alike,
        ) % {
            "number": localized.number(result.alike),
            "change": _signed(unit, result.alike_change),
        }
    return text


def _needed(result: EffectResult) -> str:
    if result.needed is None or result.outcome in (IMPROVED, WORSENED):
        return ""
    return gettext(
        "To detect an effect of this size, about %(needed)s observations would be needed "
        "before the change and as many after it."
    ) % {"needed": localized.number(result.needed)}


def _interval(unit: Unit, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return gettext("unlimited in both directions")
    if low is None:
        return gettext("up to %(high)s") % {"high": _signed(unit, high or 0.0)}
    if high is None:
        return gettext("%(low)s or more") % {"low": _signed(unit, low)}
    return gettext("%(low)s to %(high)s") % {
        "low": _signed(unit, low),
        "high": _signed(unit, high),
    }


def _signed(unit: Unit, change: float) -> str:
    """Return a change with its sign, such as +2.1 pts; a minus of its own width."""
    shown = change * unit.scale
    return f"{'−' if shown < 0 else '+'}{difference_text(unit, shown)}"
