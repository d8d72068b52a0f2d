"""Notify webhooks of closed periods that late data changed, once the new value has settled.

History that is imported late changes a value many times on the way to its final one. One earlier
value is kept a day, and its message is written once the measurement has not changed for a while:
before is the value from before the day, after the one in force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from accounts.languages import in_language_of
from alerts import scopes
from alerts.models import Alert, AlertEvent, AlertRule
from kpis.definitions.registry import REGISTRY
from kpis.disclosure.small_groups import is_small
from kpis.models import Measurement, Restatement
from notifications.models import Channel, Notification
from notifications.outbox import deliver_on_commit
from notifications.payloads import Audience

EVENT = "measurement_restated"
SETTLED_AFTER = timedelta(minutes=15)
# older ones were announced, or nobody wanted to know
LOOKS_BACK = timedelta(days=2)
MOST, BATCH = 200, 500

Announced = tuple[Channel, Restatement, str]

Restated = Channel.Restated


def enqueue_settled(now: datetime) -> int:
    """Write the messages of settled restatements; return how many.

    Calling it twice adds nothing: a key names the restatement, its new value and the channel.
    """
    channels = list(
        Channel.objects.filter(is_active=True)
        .exclude(gets_restatements=Restated.NONE)
        .prefetch_related("courses")
    )
    if not channels:
        return 0
    new = _unannounced(channels, now)
    if not new:
        return 0
    with in_language_of(None):
        payloads = _payloads({one.pk: one for _, one, _ in new}.values(), now)
    made = [
        Notification(
            channel=channel,
            course_id=one.measurement.course_id,
            key=key,
            payload=payloads[one.pk],
            created_at=now,
            next_try_at=now,
        )
        for channel, one, key in new
    ]
    Notification.objects.bulk_create(made, ignore_conflicts=True)
    deliver_on_commit()
    return len(made)


def _unannounced(channels: Sequence[Channel], now: datetime) -> list[Announced]:
    """Return the oldest restatements that a channel wants and has not been told yet."""
    found: list[Announced] = []
    for some in batched(_settled(now).iterator(), BATCH):
        rows = [
            (channel, one, _key(channel, one))
            for one in some
            for channel in channels
            if channel.accepts_restatement(one.measurement)
        ]
        keys = Notification.objects.filter(key__in=[key for *_, key in rows])
        known = set(keys.values_list("key", flat=True))
        found += [row for row in rows if row[2] not in known]
        if len(found) >= MOST:
            break
    return found[:MOST]


def batched(rows: Iterable[Restatement], size: int) -> Iterator[list[Restatement]]:
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some


def _settled(now: datetime) -> QuerySet[Restatement]:
    """Return the latest restatements of measurements whose new value has stood for a while."""
    later = Restatement.objects.filter(
        measurement=OuterRef("measurement"), restated_at__gt=OuterRef("restated_at")
    )
    return (
        Restatement.objects.filter(
            ~Exists(later),
            restated_at__gt=now - LOOKS_BACK,
            measurement__computed_at__lte=now - SETTLED_AFTER,
            measurement__kpi__in=REGISTRY,
        )
        .select_related("measurement__course")
        .order_by("restated_at", "pk")
    )


def _key(channel: Channel, one: Restatement) -> str:
    return f"restatement-{one.pk}-{one.measurement.computed_at:%Y%m%d%H%M%S%f}-{channel.pk}"


def _payloads(rows: Collection[Restatement], now: datetime) -> dict[int, dict[str, Any]]:
    measurements = [one.measurement for one in rows]
    keys, names = scopes.keys(measurements), scopes.names(measurements)
    return {
        one.pk: {
            "event": EVENT,
            "at": one.measurement.computed_at.isoformat(),
            "restatement": one.pk,
            **_place(one.measurement, keys),
            **_figures(one, now),
            "text": gettext("%(kpi)s of %(place)s changed after %(period)s was closed.")
            % {
                "kpi": REGISTRY[one.measurement.kpi].name,
                "place": names[one.measurement.scope, one.measurement.scope_id],
                "period": one.measurement.period_start.isoformat(),
            },
            "url": f"{settings.KPI_BASE_URL}/kpi-dashboard/{one.measurement.kpi}",
        }
        for one in rows
    }


def _place(row: Measurement, keys: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    key = keys.get((row.scope, row.scope_id))
    return {
        "measurement": row.pk,
        "kpi": row.kpi,
        "kpi_name": str(REGISTRY[row.kpi].name),
        "unit": REGISTRY[row.kpi].unit.key,
        "scope": row.scope,
        "course": row.course.key if row.course else None,
        "run": key if row.scope == Measurement.Scope.RUN else None,
        "module": key if row.scope == Measurement.Scope.MODULE else None,
        "period": row.period_kind,
        "period_start": row.period_start.isoformat(),
    }


def _figures(one: Restatement, now: datetime) -> dict[str, Any]:
    """Return both values, unless anybody who may read the webhook would learn of a small group."""
    if is_small(one.sums) or not _may_be_read_by_anyone(one.measurement, now):
        return {"is_suppressed": True}
    return {
        "is_suppressed": False,
        "before": _value(one, one.measurement.kpi),
        "after": _value(one.measurement, one.measurement.kpi),
    }


def _value(row: Measurement | Restatement, kpi: str) -> dict[str, Any]:
    indicator = REGISTRY[kpi]
    value = indicator.unit.shown(indicator.value_of(row.sums))
    return {"value": value, "n": row.n, "computed_at": row.computed_at.isoformat()}


def _may_be_read_by_anyone(row: Measurement, now: datetime) -> bool:
    """Ask as for an alert about this figure, whose readers are the same."""
    alert = Alert(
        rule=AlertRule(kpi=row.kpi, period_kind=row.period_kind),
        scope=row.scope,
        scope_id=row.scope_id,
        course=row.course,
    )
    event = AlertEvent(alert=alert, at=now, period_start=row.period_start)
    return Audience(event).may_see_figures(Channel(kind=Channel.Kind.WEBHOOK), "")
