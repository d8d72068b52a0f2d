"""The KPIs and parameters that the forms offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext

from curriculum.parameters import ParameterDefinition
from experiments import measurable

NONE = ("", "–")


def offer_kpis(field: Any, unit: str, chosen: Collection[str] = (), *, none: bool = False) -> None:
    """Let a field offer the KPIs that have a value for each unit, and accept all of them.

    The others are refused with a sentence of their own, which the field could not give.
    """
    field.choices = measurable.all_choices()
    offered = measurable.choices(unit, [one for one in chosen if one])
    field.widget.choices = [NONE, *offered] if none else offered


def parameter_choices(found: Mapping[str, ParameterDefinition]) -> list[tuple[str, str]]:
    """Return the parameters that an experiment can change, by name."""
    usable = (one for one in found.values() if one.is_adjustable and not one.is_retired)
    return sorted(((one.key, gettext(one.name)) for one in usable), key=lambda one: one[1])
