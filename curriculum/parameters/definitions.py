"""Declare parameters in code."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from core.registry import Registry
from curriculum.models import Parameter

ScopeKind = Literal["course", "run", "module"]
SCOPE_KINDS: tuple[ScopeKind, ...] = ("course", "run", "module")


@dataclass(frozen=True, kw_only=True)
class ParameterDefinition:
    """A parameter as an app declares it in its `parameter_definitions.py`.

    `scopes` are those that may have a value of their own besides the whole site; name only those
    whose values are read. `redefines` says which figures change with a measurement setting, and
    from when. Mark `name`, `help`, `unit` and `redefines` with gettext_noop: they are translated
    when shown. ValueError if the bounds do not allow the default.
    """

    key: str
    name: str
    help: str
    role: Parameter.Role
    default: Decimal
    minimum: Decimal
    maximum: Decimal
    step: Decimal
    unit: str = ""
    is_whole: bool = False
    scopes: tuple[ScopeKind, ...] = SCOPE_KINDS
    redefines: str = ""

    def __post_init__(self) -> None:
        if self.step <= 0:
            raise ValueError(f"The step of parameter {self.key} must be positive.")
        if not self.allows(self.default):
            raise ValueError(f"The bounds of parameter {self.key} do not allow its default.")

    def allows(self, value: Decimal) -> bool:
        return self.is_within_bounds(value) and self.is_on_a_step(value)

    def is_within_bounds(self, value: Decimal) -> bool:
        return self.minimum <= value <= self.maximum

    def is_on_a_step(self, value: Decimal) -> bool:
        is_whole = value == value.to_integral_value()
        return (value - self.minimum) % self.step == 0 and (is_whole or not self.is_whole)

    def nearest_steps(self, value: Decimal) -> tuple[Decimal, Decimal]:
        """Return the allowed values around a value that lies within the bounds."""
        below = self.minimum + (value - self.minimum) // self.step * self.step
        above = below + self.step
        return below, above if above <= self.maximum else below

    def row(self, value: Decimal) -> Parameter:
        """Return an unsaved row of this parameter for the whole site."""
        return Parameter(key=self.key, value=value, **self.row_fields())

    def row_fields(self) -> dict[str, Any]:
        return {**self.texts(), **self.bounds()}

    def texts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("name", "help", "unit", "role")}

    def bounds(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("is_whole", "minimum", "maximum", "step")}


DECLARED: Registry[ParameterDefinition] = Registry("Parameter")  # not translated: for programmers


def declare(*definitions: ParameterDefinition) -> None:
    """Add parameters to the registry; ValueError when a key is taken."""
    for one in definitions:
        DECLARED.register(one.key, one)
