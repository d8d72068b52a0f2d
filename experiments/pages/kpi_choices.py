"""The KPIs and parameters that the forms offer."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext

from curriculum.parameters import ParameterDefinition
from kpis.definitions.registry import REGISTRY


def kpi_choices() -> list[tuple[str, str]]:
    """Return all KPIs by name; those without a value per unit are refused with a sentence."""
    return sorted(((one.key, one.name) for one in REGISTRY.values()), key=lambda one: one[1])


def parameter_choices(found: Mapping[str, ParameterDefinition]) -> list[tuple[str, str]]:
    """Return the parameters that an experiment can change, by name."""
    usable = (one for one in found.values() if one.is_adjustable and not one.is_retired)
    return sorted(((one.key, gettext(one.name)) for one in usable), key=lambda one: one[1])
