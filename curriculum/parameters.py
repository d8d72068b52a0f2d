"""Declare parameters, and set, propose, revert and look up their values.

Code declares the parameters; each scope (whole site, course) has a row with its value. Every
change of a value goes through this module, which keeps the history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core import localized
from core.registry import Registry
from curriculum.models import Course, Module, Parameter, ParameterChange


@dataclass(frozen=True, kw_only=True)
class ParameterDefinition:
    """A parameter as an app declares it in its `parameter_definitions.py`.

    Mark `name`, `help` and `unit` with gettext_noop: they are translated when shown.
    """

    key: str
    name: str
    help: str
    default: Decimal
    minimum: Decimal
    maximum: Decimal
    step: Decimal
    unit: str = ""
    is_whole: bool = False

    def row(self, value: Decimal) -> Parameter:
        """Return an unsaved row of this parameter for the whole site."""
        return Parameter(key=self.key, value=value, **self.row_fields())

    def row_fields(self) -> dict[str, Any]:
        names = ("name", "help", "unit", "is_whole", "minimum", "maximum", "step")
        return {name: getattr(self, name) for name in names}


DECLARED: Registry[ParameterDefinition] = Registry("Parameter")  # not translated: for programmers
# changes that took effect; a reverted one did until it was reverted
EFFECTIVE = (ParameterChange.Status.APPLIED, ParameterChange.Status.REVERTED)


def declare(*definitions: ParameterDefinition) -> None:
    """Add parameters to the registry; ValueError when a key is taken."""
    for one in definitions:
        DECLARED.register(one.key, one)


def create_missing(**kwargs: object) -> None:
    """Create the site-wide row of each declared parameter that has none yet."""
    existing = Parameter.objects.filter(course=None, module=None).values_list("key", flat=True)
    missing = DECLARED.keys() - set(existing)
    Parameter.objects.bulk_create(
        one.row(one.default) for one in DECLARED.values() if one.key in missing
    )


def current_value(key: str, *, course: Course | None = None) -> Decimal:
    """Return the course's own value, else the site's; KeyError for an undeclared key."""
    return ParameterHistory([key]).value(
        key, timezone.now(), course_id=course.pk if course else None
    )


def parameter_for(
    key: str, *, course: Course | None = None, module: Module | None = None
) -> Parameter:
    """Return the row of one course or module, created with the value that applies there now."""
    definition = DECLARED[key]
    row, _ = Parameter.objects.get_or_create(
        key=key,
        course=course,
        module=module,
        defaults={"value": current_value(key, course=course), **definition.row_fields()},
    )
    return row


def check(parameter: Parameter, new_value: Decimal) -> None:
    """Raise ValidationError for a value that is out of bounds or not whole where it must be."""
    if not parameter.minimum <= new_value <= parameter.maximum:
        raise ValidationError(
            gettext("%(name)s must be between %(minimum)s and %(maximum)s, not %(value)s.")
            % {
                "name": parameter.display_name,
                "minimum": written(parameter.minimum),
                "maximum": written(parameter.maximum),
                "value": written(new_value),
            }
        )
    if parameter.is_whole and new_value != new_value.to_integral_value():
        raise ValidationError(
            gettext("%(name)s must be a whole number, not %(value)s.")
            % {"name": parameter.display_name, "value": written(new_value)}
        )


def written(value: Decimal) -> str:
    """Write a value in the reader's language, without trailing zeros."""
    return localized.number(value, 4, trimmed=True)


def propose(
    parameter: Parameter, to: Decimal, *, reason: str, by: AbstractBaseUser | None = None
) -> ParameterChange:
    """Propose a value, which takes effect once the proposal is applied.

    ValidationError for a value out of bounds, or while another proposal is open.
    """
    check(parameter, to)
    if parameter.changes.filter(status=ParameterChange.Status.PROPOSED).exists():
        raise ValidationError(
            gettext("%(name)s has an open proposal. Approve or reject that one first.")
            % {"name": parameter.display_name}
        )
    return ParameterChange.objects.create(
        parameter=parameter,
        old_value=parameter.value,
        new_value=to,
        reason=reason,
        proposed_by_id=by.pk if by else None,
        proposed_at=timezone.now(),
    )


@transaction.atomic
def apply(change: ParameterChange, *, by: AbstractBaseUser | None = None) -> None:
    """Set the proposed value; ValidationError when the proposal was already decided."""
    parameter = Parameter.objects.select_for_update().get(pk=change.parameter_id)
    check(parameter, change.new_value)
    _decide(change, ParameterChange.Status.APPLIED, by=by, old_value=parameter.value)
    parameter.value = change.new_value
    parameter.save(update_fields=["value"])


def reject(change: ParameterChange, *, by: AbstractBaseUser | None = None) -> None:
    """Reject the proposal; ValidationError when it was already decided."""
    _decide(change, ParameterChange.Status.REJECTED, by=by, old_value=change.old_value)


def _decide(
    change: ParameterChange, status: str, *, by: AbstractBaseUser | None, old_value: Decimal
) -> None:
    # The conditional update decides between two people: the second one updates no row.
    decided = ParameterChange.objects.filter(
        pk=change.pk, status=ParameterChange.Status.PROPOSED
    ).update(status=status, decided_by=by, decided_at=timezone.now(), old_value=old_value)
    if not decided:
        raise ValidationError(gettext("This change was already approved or rejected."))
    change.refresh_from_db()


@transaction.atomic
def set_value(
    parameter: Parameter, to: Decimal, *, reason: str, by: AbstractBaseUser | None = None
) -> ParameterChange | None:
    """Set a value without a proposal, and reject an open one; None when the value is the same."""
    # the caller's copy may be outdated
    parameter.refresh_from_db(from_queryset=Parameter.objects.select_for_update())
    if to == parameter.value:
        return None
    ParameterChange.objects.filter(
        parameter=parameter, status=ParameterChange.Status.PROPOSED
    ).update(status=ParameterChange.Status.REJECTED, decided_by=by, decided_at=timezone.now())
    change = propose(parameter, to, reason=reason, by=by)
    apply(change, by=by)
    parameter.refresh_from_db()
    return change


@transaction.atomic
def revert(change: ParameterChange, *, reason: str, by: AbstractBaseUser | None = None) -> None:
    """Set the value from before `change`; both changes stay in the history."""
    claimed = ParameterChange.objects.filter(
        pk=change.pk, status=ParameterChange.Status.APPLIED
    ).update(status=ParameterChange.Status.REVERTED)
    if not claimed:
        raise ValidationError(gettext("Only an applied change can be reverted."))
    change.refresh_from_db()
    back = set_value(change.parameter, change.old_value, reason=reason, by=by)
    if back:
        ParameterChange.objects.filter(pk=back.pk).update(reverts=change)


class ParameterHistory:
    """The values of some parameters over time, loaded once for many look-ups."""

    def __init__(self, keys: Iterable[str]) -> None:
        rows = Parameter.objects.filter(key__in=list(keys), module=None).order_by()
        self._rows = {(row.key, row.course_id): row for row in rows}
        self._changes: dict[int, list[ParameterChange]] = defaultdict(list)
        changes = ParameterChange.objects.filter(parameter__in=rows, status__in=EFFECTIVE)
        for change in changes.order_by("decided_at", "pk"):
            self._changes[change.parameter_id].append(change)

    def value(self, key: str, at: datetime, *, course_id: int | None = None) -> Decimal:
        """Return the value at a moment: the course's own, else the site's."""
        row = self._rows.get((key, course_id)) or self._rows.get((key, None))
        if row is None:
            return DECLARED[key].default
        later = (one for one in self._changes[row.pk] if one.decided_at and one.decided_at > at)
        first = next(later, None)
        return first.old_value if first else row.value
