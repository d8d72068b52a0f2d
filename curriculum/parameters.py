"""The dials: declared in code, one row per scope, turned by one verb that keeps the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core.decimals import format_decimal
from curriculum.models import Course, Module, Parameter, ParameterChange


@dataclass(frozen=True, kw_only=True)
class ParameterDefinition:
    """What an app says of a dial in its `dials.py`: `DIALS = (Dial(…), …)`."""

    key: str
    name: str
    help: str
    default: Decimal
    minimum: Decimal
    maximum: Decimal
    step: Decimal
    unit: str = ""
    is_whole: bool = False


DECLARED: dict[str, ParameterDefinition] = {}
# changes that moved the dial; a reverted one did so before it was turned back
PARAMETER_CHANGED = (ParameterChange.Status.APPLIED, ParameterChange.Status.REVERTED)


def declare(*dials: ParameterDefinition) -> None:
    """Add dials to the registry; ValueError when a key is declared twice."""
    for dial in dials:
        if DECLARED.setdefault(dial.key, dial) is not dial:
            raise ValueError(f"Dial {dial.key} is declared twice.")


def create_missing(**kwargs: object) -> None:
    """Give every declared dial its row for everywhere; rows that exist keep their value."""
    there = set(Parameter.objects.filter(course=None, module=None).values_list("key", flat=True))
    Parameter.objects.bulk_create(
        Parameter(
            key=dial.key,
            name=dial.name,
            help=dial.help,
            unit=dial.unit,
            is_whole=dial.is_whole,
            value=dial.default,
            minimum=dial.minimum,
            maximum=dial.maximum,
            step=dial.step,
        )
        for dial in DECLARED.values()
        if dial.key not in there
    )


def value(key: str, *, course: Course | None = None) -> Decimal:
    """What the dial stands at: for the course, else everywhere.

    KeyError when no app declares the key.
    """
    return ParameterHistory([key]).value(
        key, timezone.now(), course_id=course.pk if course else None
    )


def check(parameter: Parameter, new_value: Decimal) -> None:
    """Refuse a value outside the dial's bounds or grain with a sentence (ValidationError)."""
    if not parameter.minimum <= new_value <= parameter.maximum:
        raise ValidationError(
            f"{parameter.name} goes from {format_decimal(parameter.minimum)} "
            f"to {format_decimal(parameter.maximum)}; "
            f"{format_decimal(new_value)} is outside."
        )
    if parameter.is_whole and new_value != new_value.to_integral_value():
        raise ValidationError(
            f"{parameter.name} takes whole numbers; {format_decimal(new_value)} is not one."
        )


def propose(
    parameter: Parameter, to: Decimal, *, reason: str, by: AbstractBaseUser | None = None
) -> ParameterChange:
    """Ask for a turn of the dial; nothing moves until it is applied.

    ValidationError outside the bounds, or while another proposal waits for its decision.
    """
    check(parameter, to)
    if parameter.changes.filter(status=ParameterChange.Status.PROPOSED).exists():
        raise ValidationError(f"{parameter.name} has an open proposal; decide that one first.")
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
    """Turn the dial as proposed; ValidationError when it was decided before."""
    parameter = Parameter.objects.select_for_update().get(pk=change.parameter_id)
    check(parameter, change.new_value)
    decide(change, ParameterChange.Status.APPLIED, by=by, old_value=parameter.value)
    parameter.value = change.new_value
    parameter.save(update_fields=["value"])


def reject(change: ParameterChange, *, by: AbstractBaseUser | None = None) -> None:
    """Turn the proposal down; ValidationError when it was decided before."""
    decide(change, ParameterChange.Status.REJECTED, by=by, old_value=change.old_value)


def decide(
    change: ParameterChange, status: str, *, by: AbstractBaseUser | None, old_value: Decimal
) -> None:
    # the conditional update is the claim: of two people who decide at once, one is told
    decided = ParameterChange.objects.filter(
        pk=change.pk, status=ParameterChange.Status.PROPOSED
    ).update(status=status, decided_by=by, decided_at=timezone.now(), old_value=old_value)
    if not decided:
        raise ValidationError("This change has been decided already.")
    change.refresh_from_db()


@transaction.atomic
def set_value(
    parameter: Parameter, to: Decimal, *, reason: str, by: AbstractBaseUser | None = None
) -> ParameterChange | None:
    """Propose and apply in one go; None when the dial stands there already.

    A proposal that waits is rejected by it.
    """
    # as it stands now, and not as the caller saw it
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
    """Turn the dial back to what it was before `change`; both turns stay in the history."""
    claimed = ParameterChange.objects.filter(
        pk=change.pk, status=ParameterChange.Status.APPLIED
    ).update(status=ParameterChange.Status.REVERTED)
    if not claimed:
        raise ValidationError("Only an applied change can be reverted.")
    change.refresh_from_db()
    back = set_value(change.parameter, change.old_value, reason=reason, by=by)
    if back:
        ParameterChange.objects.filter(pk=back.pk).update(reverts=change)


def definition_of(parameter: Parameter) -> ParameterDefinition | None:
    """The declaration behind a row; None when its app is gone."""
    return DECLARED.get(parameter.key)


def scope_to(key: str, *, course: Course | None = None, module: Module | None = None) -> Parameter:
    """The dial of one course or module, made from the declaration when it is asked first."""
    dial = DECLARED[key]
    row, _ = Parameter.objects.get_or_create(
        key=key,
        course=course,
        module=module,
        defaults={
            "name": dial.name,
            "help": dial.help,
            "unit": dial.unit,
            "is_whole": dial.is_whole,
            "value": value(key, course=course),
            "minimum": dial.minimum,
            "maximum": dial.maximum,
            "step": dial.step,
        },
    )
    return row


class ParameterHistory:
    """What some dials stood at over time, loaded once and asked often."""

    def __init__(self, keys: Iterable[str]) -> None:
        rows = Parameter.objects.filter(key__in=list(keys), module=None).order_by()
        self._rows = {(row.key, row.course_id): row for row in rows}
        self._turns: dict[int, list[ParameterChange]] = defaultdict(list)
        turns = ParameterChange.objects.filter(parameter__in=rows, status__in=PARAMETER_CHANGED)
        for turn_ in turns.order_by("decided_at", "pk"):
            self._turns[turn_.parameter_id].append(turn_)

    def value(self, key: str, at: datetime, *, course_id: int | None = None) -> Decimal:
        """The dial at that moment: for the course, else everywhere."""
        row = self._rows.get((key, course_id)) or self._rows.get((key, None))
        if row is None:
            return DECLARED[key].default
        later = (one for one in self._turns[row.pk] if one.decided_at and one.decided_at > at)
        first = next(later, None)
        return first.old_value if first else row.value
