"""Values of parameters as readers write and read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from curriculum import parameters
from curriculum.parameters import ParameterDefinition


def written(definition: ParameterDefinition, value: Decimal) -> str:
    """Write a value with its unit, such as 7 days."""
    unit = gettext(definition.unit) if definition.unit else ""
    return f"{parameters.written(value)} {unit}".strip()


def parse(definition: ParameterDefinition, text: str) -> Decimal:
    """Read a value; ValidationError with a sentence for anything else."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValidationError(
            gettext("%(name)s must be a number such as %(value)s.")
            % {
                "name": gettext(definition.name),
                "value": parameters.written(definition.default),
            }
        )
    return value


def entered(definition: ParameterDefinition, value: Decimal) -> str:
    """Return the value as it stands in the field of a form."""
    return f"{value.normalize():f}"


def labels(definition: ParameterDefinition) -> Sequence[str]:
    """Return the labels to choose from; empty for a number."""
    return ()


def range_text(definition: ParameterDefinition) -> str:
    return gettext("%(minimum)s to %(maximum)s, in steps of %(step)s") % {
        "minimum": parameters.written(definition.minimum),
        "maximum": written(definition, definition.maximum),
        "step": parameters.written(definition.step),
    }
