"""Propose, set and revert the values of parameters."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from curriculum.models import Course, CourseRun, Enrollment, Module, Parameter, ParameterChange
from curriculum.parameters.definitions import (
    DECLARED,
    ParameterDefinition,
    definition_of,
    definition_of_row,
)
from curriculum.parameters.values import ParameterHistory, ParameterScope, own_value
from curriculum.signals import parameter_changed, proposal_rejected


def parameter_for(
    key: str,
    *,
    course: Course | None = None,
    run: CourseRun | None = None,
    module: Module | None = None,
) -> Parameter:
    """Return the row of one scope, created if it is missing; it inherits until a value is set.

    ValidationError if the parameter cannot have a value of its own there.
    """
    definition = definition_of(key)
    own = {"course": course, "run": run, "module": module}
    if any(own[kind] and kind not in definition.scopes for kind in ("course", "run", "module")):
        raise ValidationError(
            gettext("%(name)s cannot have a value of its own there.")
            % {"name": gettext(definition.name)}
        )
    if not definition.is_site_wide and not any(own.values()):
        raise ValidationError(
            gettext("%(name)s has no value for the whole site. Choose a run or a module.")
            % {"name": gettext(definition.name)}
        )
    scope = ParameterScope.of(course=course, run=run, module=module)
    row, _ = Parameter.objects.get_or_create(
        key=key,
        **own,
        defaults={
            # the course structure may have a value that the bounds do not allow
            "value": definition.value_type.nearest(_value_in(key, scope, timezone.now())),
            **definition.row_fields(),
        },
    )
    return row


def _value_in(key: str, scope: ParameterScope, at: datetime) -> Decimal:
    return ParameterHistory([key], scopes=[scope]).value(
        key, at, course_id=scope.course_id, run_id=scope.run_id, module_id=scope.module_id
    )


def value_in_force(parameter: Parameter, at: datetime) -> Decimal:
    """Return the value of a row at a moment, its own or the inherited one."""
    scope = ParameterScope.of(course=parameter.course, run=parameter.run, module=parameter.module)
    return _value_in(parameter.key, scope, at)


def require_adjustable(parameter: Parameter) -> None:
    """Raise ValidationError for a parameter that only staff may change.

    Rules, improvements and experiments change what learners get, never how figures are computed:
    otherwise a figure would improve because its measure was moved.
    """
    if not definition_in_use(parameter).is_adjustable:
        raise ValidationError(
            gettext(
                "%(name)s is a measurement setting: it defines how figures are computed. Staff "
                "can set it; rules, proposals and experiments cannot change it."
            )
            % {"name": parameter.display_name}
        )


def definition_in_use(parameter: Parameter) -> ParameterDefinition:
    """Return the definition; ValidationError if the parameter is no longer used."""
    definition = DECLARED.get(parameter.key)
    if definition is None and parameter.is_added and not parameter.is_retired:
        definition = definition_of_row(parameter)
    if definition is None:
        raise ValidationError(
            gettext("%(name)s is no longer used, so its value cannot be changed.")
            % {"name": parameter.display_name}
        )
    return definition


def check(parameter: Parameter, new_value: Decimal) -> None:
    """Raise ValidationError for a value that the definition does not allow."""
    definition_in_use(parameter).value_type.check(new_value)


def propose(
    parameter: Parameter,
    to: Decimal,
    *,
    reason: str,
    by: AbstractBaseUser | None = None,
    now: datetime | None = None,
) -> ParameterChange:
    """Propose a value, which takes effect once the proposal is applied.

    ValidationError for a measurement setting, for a value that is not allowed, or while another
    proposal is open.
    """
    require_adjustable(parameter)
    check(parameter, to)
    if parameter.changes.filter(status=ParameterChange.Status.PROPOSED).exists():
        raise ValidationError(
            gettext("%(name)s has an open proposal. Approve or reject that one first.")
            % {"name": parameter.display_name}
        )
    now = now or timezone.now()
    # the row of a scope that inherits holds a value of its creation
    replaced = value_in_force(parameter, now)
    return _proposal(parameter, to, replaces=replaced, reason=reason, by=by, now=now)


def _proposal(
    parameter: Parameter,
    to: Decimal,
    *,
    replaces: Decimal,
    reason: str,
    by: AbstractBaseUser | None,
    now: datetime,
    reverts: ParameterChange | None = None,
) -> ParameterChange:
    definition = definition_in_use(parameter)
    return ParameterChange.objects.create(
        parameter=parameter,
        minimum=definition.minimum,
        maximum=definition.maximum,
        step=definition.step,
        old_value=replaces,
        new_value=to,
        reason=reason,
        proposed_by_id=by.pk if by else None,
        proposed_at=now,
        reverts=reverts,
    )


@transaction.atomic
def apply(
    change: ParameterChange,
    *,
    by: AbstractBaseUser | None = None,
    effective_from: datetime | None = None,
    now: datetime | None = None,
) -> None:
    """Set the proposed value, from now on or from another moment, as in `set_value`.

    ValidationError when the proposal was already decided, or for a measurement setting.
    """
    parameter = Parameter.objects.select_for_update().get(pk=change.parameter_id)
    require_adjustable(parameter)
    _apply(parameter, change, by=by, effective_from=effective_from, now=now or timezone.now())


def _apply(
    parameter: Parameter,
    change: ParameterChange,
    *,
    by: AbstractBaseUser | None,
    effective_from: datetime | None,
    now: datetime,
) -> None:
    definition = definition_in_use(parameter)
    definition.value_type.check(change.new_value)
    check_moment(parameter, effective_from, now=now)
    replaced = value_in_force(parameter, effective_from or now)
    _decide(
        change,
        ParameterChange.Status.APPLIED,
        by=by,
        at=now,
        old_value=replaced,
        effective_from=effective_from,
        bounds=definition,
    )
    # the row holds the value that stays once all approved changes apply
    last = parameter.changes.in_effective_order().last()
    parameter.value = last.new_value if last else change.new_value
    if definition.allows(parameter.value):
        # the row may still have the bounds of an earlier declaration
        for name, value in definition.bounds().items():
            setattr(parameter, name, value)
    parameter.save()
    parameter_changed.send(ParameterChange, change=change)


def check_moment(
    parameter: Parameter, effective_from: datetime | None, *, now: datetime | None = None
) -> None:
    """Raise ValidationError for a past moment whose value may have been used."""
    if effective_from is None or effective_from >= (now or timezone.now()):
        return
    enrollments = Enrollment.objects.all()
    if course := parameter.course_id or (parameter.module and parameter.module.course_id):
        enrollments = enrollments.filter(run__course=course)
    elif parameter.run_id:
        enrollments = enrollments.filter(run=parameter.run_id)
    if enrollments.exists():
        raise ValidationError(
            gettext(
                "A change cannot apply from a moment in the past, because learners are enrolled: "
                "their plans and figures follow from the value of that time."
            )
        )


@transaction.atomic
def reject(
    change: ParameterChange,
    *,
    by: AbstractBaseUser | None = None,
    now: datetime | None = None,
) -> None:
    """Reject the proposal; ValidationError when it was already decided."""
    _lock_parameter(change)
    status = ParameterChange.Status.REJECTED
    _decide(change, status, by=by, at=now or timezone.now(), old_value=change.old_value)
    proposal_rejected.send(ParameterChange, change=change)


def _lock_parameter(change: ParameterChange) -> None:
    """Lock the parameter first, as who sets a value does: else two could wait for each other."""
    rows = Parameter.objects.filter(pk=change.parameter_id).order_by()
    list(rows.select_for_update().values_list("pk"))


def _decide(
    change: ParameterChange,
    status: str,
    *,
    by: AbstractBaseUser | None,
    at: datetime,
    old_value: Decimal,
    effective_from: datetime | None = None,
    bounds: ParameterDefinition | None = None,
) -> None:
    checked = {name: getattr(bounds, name) for name in ("minimum", "maximum", "step") if bounds}
    # The conditional update decides between two people: the second one updates no row.
    decided = ParameterChange.objects.filter(
        pk=change.pk, status=ParameterChange.Status.PROPOSED
    ).update(
        status=status,
        decided_by=by,
        decided_at=at,
        old_value=old_value,
        effective_from=effective_from,
        **checked,
    )
    if not decided:
        raise ValidationError(gettext("This change was already approved or rejected."))
    change.refresh_from_db()


@transaction.atomic
def set_value(
    parameter: Parameter,
    to: Decimal,
    *,
    reason: str,
    by: AbstractBaseUser | None = None,
    effective_from: datetime | None = None,
    now: datetime | None = None,
) -> ParameterChange | None:
    """Set a value without a proposal, and reject an open one; None when the value is the same.

    This is how staff set a value; what acts by itself proposes one. It applies from now on, from
    a later moment, or from an earlier one as long as nobody is enrolled: what was computed with
    the value of a past moment stays explained by it.
    """
    now = now or timezone.now()
    return _set(parameter, to, reason=reason, by=by, effective_from=effective_from, now=now)


def _set(
    parameter: Parameter,
    to: Decimal,
    *,
    reason: str,
    by: AbstractBaseUser | None,
    effective_from: datetime | None,
    now: datetime,
    reverts: ParameterChange | None = None,
) -> ParameterChange | None:
    # the caller's copy may be outdated
    parameter.refresh_from_db(from_queryset=Parameter.objects.select_for_update())
    changes = list(parameter.changes.in_effective_order())
    if own_value(parameter, changes, effective_from or now) == to:
        return None
    check(parameter, to)
    proposed = ParameterChange.Status.PROPOSED
    if open_proposal := parameter.changes.filter(status=proposed).first():
        reject(open_proposal, by=by, now=now)
    change = _proposal(
        parameter, to, replaces=parameter.value, reason=reason, by=by, now=now, reverts=reverts
    )
    _apply(parameter, change, by=by, effective_from=effective_from, now=now)
    parameter.refresh_from_db()
    return change


@transaction.atomic
def revert(
    change: ParameterChange,
    *,
    reason: str,
    by: AbstractBaseUser | None = None,
    now: datetime | None = None,
) -> None:
    """Set the value from before `change`, from now on; both changes stay in the history.

    A change that has not begun to apply never will.
    """
    _lock_parameter(change)
    claimed = ParameterChange.objects.filter(
        pk=change.pk, status=ParameterChange.Status.APPLIED
    ).update(status=ParameterChange.Status.REVERTED)
    if not claimed:
        raise ValidationError(gettext("Only an applied change can be reverted."))
    change.refresh_from_db()
    now, planned = now or timezone.now(), change.effective_from
    back = _set(
        change.parameter,
        _value_before(change),
        reason=reason,
        by=by,
        effective_from=planned if planned and planned > now else None,
        now=now,
        reverts=change,
    )
    if back is None:
        # nothing else changes, because the value of before already applies
        parameter_changed.send(ParameterChange, change=change)


def _value_before(change: ParameterChange) -> Decimal:
    """Return the value that a change replaced, as later approvals of earlier dates left it."""
    changes = list(change.parameter.changes.in_effective_order())
    position = changes.index(change)
    return changes[position - 1].new_value if position else change.old_value
