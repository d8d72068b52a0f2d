"""Notify webhooks of changes of parameters, in the change's own transaction.

A message names no people: a learning platform needs what changed, where, from when and why.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from accounts.languages import in_language_of
from core import localized, reporting_clock
from curriculum.models import Parameter, ParameterChange
from curriculum.parameter_kinds import ValueType
from curriculum.signals import parameter_changed
from notifications.models import Channel, Notification
from notifications.outbox import deliver_on_commit

EVENT = "parameter_changed"


def listen() -> None:
    parameter_changed.connect(_enqueue_changed, dispatch_uid="parameter changes")


def _enqueue_changed(change: ParameterChange, **_: Any) -> None:
    enqueue(change)


def enqueue(change: ParameterChange) -> list[Notification]:
    """Write the notifications of a change, one per channel.

    Calling it twice adds nothing: a key names the change, its status and the channel.
    """
    channels = Channel.objects.filter(is_active=True, gets_parameter_changes=True)
    course_id = _course_id(change.parameter)
    accepting = [
        one for one in channels.prefetch_related("courses") if one.accepts_change(course_id)
    ]
    if not accepting:
        return []
    with in_language_of(None):
        payload = _payload(change)
    now = timezone.now()
    rows = [
        Notification(
            channel=channel,
            change=change,
            course_id=course_id,
            key=f"parameter-change-{change.pk}-{change.status}-{channel.pk}",
            payload=payload,
            created_at=now,
            next_try_at=now,
        )
        for channel in accepting
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    deliver_on_commit()
    return rows


def _course_id(parameter: Parameter) -> int | None:
    part = parameter.run or parameter.module
    return part.course_id if part else parameter.course_id


def _payload(change: ParameterChange) -> dict[str, Any]:
    parameter = change.parameter
    values = parameter.value_type
    is_reverted = change.status == ParameterChange.Status.REVERTED
    # once reverted, the value from before applies
    old, new = (
        (change.new_value, change.old_value)
        if is_reverted
        else (change.old_value, change.new_value)
    )
    return {
        "event": EVENT,
        "at": (change.decided_at or change.proposed_at).isoformat(),
        "status": change.status,
        "is_revert": is_reverted or change.reverts_id is not None,
        "parameter": {
            "key": parameter.key,
            "name": parameter.display_name,
            "role": parameter.role,
            "kind": parameter.kind,
            "unit": parameter.unit,
        },
        **_keys(parameter),
        "old": _typed(values, old),
        "new": _typed(values, new),
        "effective_from": change.applies_from.isoformat(),
        "applies_to": parameter.applies_to,
        "reason": change.reason,
        "text": _text(parameter, values, old, new, change.applies_from),
        "url": f"{settings.KPI_BASE_URL}/curriculum-parameters/{parameter.key}",
    }


def _typed(values: ValueType, value: Decimal) -> dict[str, Any]:
    return {"value": values.as_json(value), "label": values.written(value)}


def _keys(parameter: Parameter) -> dict[str, str | None]:
    """Return the keys that senders use; without any, the change is for the whole site."""
    run, module = parameter.run, parameter.module
    part = run or module
    course = part.course if part else parameter.course
    return {
        "course": course.key if course else None,
        "run": run.key if run else None,
        "module": module.key if module else None,
    }


def _text(
    parameter: Parameter, values: ValueType, old: Decimal, new: Decimal, begins: datetime
) -> str:
    local = begins.astimezone(reporting_clock.reporting_zone())
    return gettext("%(name)s – %(scope)s: %(old)s → %(new)s from %(moment)s") % {
        "name": parameter.display_name,
        "scope": parameter.scope,
        "old": values.written(old),
        "new": values.written(new),
        "moment": localized.moment(local),
    }
