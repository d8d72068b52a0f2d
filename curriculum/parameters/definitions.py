"""Declare parameters in code."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.db.models import Q

from core.registry import Registry
from curriculum.models import Parameter
from curriculum.parameter_kinds import Kind, ValueType

ScopeKind = Literal["course", "run", "module"]
SCOPE_KINDS: tuple[ScopeKind, ...] = ("course", "run", "module")


@dataclass(frozen=True, kw_only=True)
class ParameterDefinition:
    """A parameter as an app declares it in its `parameter_definitions.py`.

    `scopes` are those that may have a value of their own besides the whole site; name only those
    whose values are read. `applies_to` says who gets a new value. `structure_field` names the
    field of a module that holds the value where nothing else does. `redefines` says which figures
    change with a measurement setting, and from when. Mark `name`, `help`, `unit`, `choices` and
    `redefines` with gettext_noop: they are translated when shown. ValueError if the bounds do not
    allow the default.
    """

    key: str
    name: str
    help: str
    role: Parameter.Role
    default: Decimal
    minimum: Decimal
    maximum: Decimal
    step: Decimal
    kind: Kind = Kind.NUMBER
    unit: str = ""
    choices: tuple[str, ...] = ()
    is_whole: bool = False
    scopes: tuple[ScopeKind, ...] = SCOPE_KINDS
    applies_to: Parameter.AppliesTo = Parameter.AppliesTo.EVERYONE
    redefines: str = ""
    structure_field: str = ""
    is_added: bool = False
    is_retired: bool = False

    def __post_init__(self) -> None:
        if self.step <= 0:
            raise ValueError(f"The step of parameter {self.key} must be positive.")
        if not self.allows(self.default):
            raise ValueError(f"The bounds of parameter {self.key} do not allow its default.")

    @property
    def value_type(self) -> ValueType:
        return ValueType(
            name=self.name,
            kind=self.kind,
            minimum=self.minimum,
            maximum=self.maximum,
            step=self.step,
            unit=self.unit,
            choices=self.choices,
            is_whole=self.is_whole,
        )

    @property
    def is_adjustable(self) -> bool:
        """True if rules, improvements and experiments may change it."""
        return self.role == Parameter.Role.CURRICULUM

    @property
    def is_site_wide(self) -> bool:
        """True if it has a value for the whole site: the structure of a course is not one."""
        return not self.structure_field

    def allows(self, value: Decimal) -> bool:
        return self.value_type.allows(value)

    def written(self, value: Decimal) -> str:
        """Write a value in the reader's language, with its unit: 7 days, 70%, On."""
        return self.value_type.written(value)

    def parse(self, text: str) -> Decimal:
        """Read a value from a form or a request; ValidationError says what would be right."""
        return self.value_type.parse(text)

    def shifted(self, value: Decimal, steps: int) -> Decimal:
        """Return the value that many steps further, or back if negative, within the bounds."""
        return self.value_type.shifted(value, steps)

    def row(self, value: Decimal) -> Parameter:
        """Return an unsaved row of this parameter for the whole site."""
        return Parameter(key=self.key, value=value, **self.row_fields())

    def row_fields(self) -> dict[str, Any]:
        return {**self.texts(), **self.bounds()}

    def texts(self) -> dict[str, Any]:
        names = ("name", "help", "unit", "role", "kind", "applies_to", "is_added", "is_retired")
        lists = {"choices": list(self.choices), "scopes": list(self.scopes)}
        return {name: getattr(self, name) for name in names} | lists

    def bounds(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("is_whole", "minimum", "maximum", "step")}


def definition_of_row(row: Parameter) -> ParameterDefinition:
    """Return the definition of a parameter that staff added, from any of its rows."""
    return ParameterDefinition(
        key=row.key,
        name=row.name,
        help=row.help,
        role=Parameter.Role(row.role),
        default=row.value,
        minimum=row.minimum,
        maximum=row.maximum,
        step=row.step,
        kind=Kind(row.kind),
        unit=row.unit,
        choices=tuple(row.choices),
        is_whole=row.is_whole,
        scopes=tuple(row.scopes),
        applies_to=Parameter.AppliesTo(row.applies_to),
        is_added=True,
        is_retired=row.is_retired,
    )


DECLARED: Registry[ParameterDefinition] = Registry("Parameter")  # not translated: for programmers


def declare(*definitions: ParameterDefinition) -> None:
    """Add parameters to the registry; ValueError when a key is taken."""
    for one in definitions:
        DECLARED.register(one.key, one)


class UnknownParameterError(KeyError):
    """No app declares a parameter with this key, and staff have added none."""

    def __str__(self) -> str:
        return f"There is no parameter {self.args[0]}."  # not translated: for programmers


def definition_of(key: str) -> ParameterDefinition:
    """Return the definition of a declared or added parameter; UnknownParameterError otherwise.

    For several keys, `load` needs one query at most.
    """
    return load([key])[key]


def load(keys: Collection[str]) -> dict[str, ParameterDefinition]:
    """Return definitions by key, with one query if any is not declared; see `definition_of`."""
    found = {key: DECLARED[key] for key in keys if key in DECLARED}
    missing = set(keys) - found.keys()
    if missing:
        found |= _added(Q(key__in=missing))
    if unknown := missing - found.keys():
        raise UnknownParameterError(min(unknown))
    return found


def load_all(*, retired: bool = False) -> dict[str, ParameterDefinition]:
    """Return every definition by key, the declared ones first; `retired` adds those retired."""
    return dict(DECLARED) | _added(Q() if retired else Q(is_retired=False))


def _added(rows: Q) -> dict[str, ParameterDefinition]:
    added = Parameter.objects.site_wide().filter(rows, is_added=True).order_by("key")
    return {row.key: definition_of_row(row) for row in added if row.key not in DECLARED}
