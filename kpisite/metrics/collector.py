"""What Prometheus reads of the whole site: work that waits, tasks, events, alerts and servers."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterator
from itertools import accumulate

import django
from django.db import DatabaseError, InterfaceError
from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from alerts.models import Alert, Severity
from core import counters, task_queue
from core.database import sizes
from intake.models import RejectedEvent
from kpis.models import StaleDay, StalePeriod
from kpisite.backups import last_backup
from kpisite.http import health
from kpisite.metrics import backlog, tasks
from notifications.models import Notification

logger = logging.getLogger(__name__)

EVENTS, NOTIFICATIONS = "events", "notifications"


class SiteCollector(Collector):
    """Each part by itself: what cannot be read is missing, and the rest is there."""

    def collect(self) -> Iterator[Metric]:
        for part in PARTS:
            try:
                yield from list(part())
            except (DatabaseError, InterfaceError, *task_queue.UNREACHABLE) as error:
                logger.warning("metrics without %s: %s", part.__name__, type(error).__name__)


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"kpi_{name}", text, value=value)


def by(name: str, text: str, label: str, values: dict[str, float]) -> Metric:
    found = GaugeMetricFamily(f"kpi_{name}", text, labels=[label])
    for key, value in values.items():
        found.add_metric([key], value)
    return found


def build() -> Iterator[Metric]:
    found = GaugeMetricFamily("kpi_build_info", "Versions.", labels=["python", "django"])
    found.add_metric([platform.python_version(), django.__version__], 1)
    yield found


def parts_up() -> Iterator[Metric]:
    states = {name: float(health.works(check)) for name, check in health.CHECKS.items()}
    yield by("up", "1 if a part of the product works.", "part", states)


def waiting_figures() -> Iterator[Metric]:
    marks = {"days": StaleDay.objects.count(), "periods": StalePeriod.objects.count()}
    yield by("stale_marks", "Days and periods to recompute.", "kind", {**marks})
    lag = backlog.recompute_lag(timezone.now())
    yield gauge("recompute_lag_seconds", "Seconds the oldest stale mark has waited.", lag)


def waiting_jobs() -> Iterator[Metric]:
    yield gauge("queue_jobs", "Jobs that no worker has taken yet.", backlog.queue_length())


def open_alerts() -> Iterator[Metric]:
    rows = Alert.objects.filter(closed_at=None).order_by()
    counts = dict(rows.values_list("severity").annotate(Count("pk")))
    severities = dict.fromkeys(map(str, Severity), 0)
    yield by("alerts_open", "Open alerts.", "severity", {**severities, **counts})


def outbox() -> Iterator[Metric]:
    rows = Notification.objects.filter(state__in=("waiting", "sending", "dead")).order_by()
    counts = dict(rows.values_list("state").annotate(Count("pk")))
    states = {"waiting": 0, "sending": 0, "dead": 0}
    yield by(
        "notifications_unsent", "Notifications not sent, by state.", "state", {**states, **counts}
    )


def rejected_events() -> Iterator[Metric]:
    count = RejectedEvent.objects.open().count()
    yield gauge("rejected_events_open", "Rejected events that wait for a correction.", count)


def database() -> Iterator[Metric]:
    yield gauge("database_bytes", "Size of the database.", sizes.database_bytes())


def backup() -> Iterator[Metric]:
    last = last_backup.last()
    if last:
        age = (timezone.now() - last.made_at).total_seconds()
        yield gauge("backup_age_seconds", "Seconds since the last backup.", age)


def counted() -> Iterator[Metric]:
    found = counters.read()
    yield _counter(found, EVENTS, "Events by door and outcome.", ["door", "outcome"])
    yield _counter(found, NOTIFICATIONS, "Attempts to send, by outcome.", ["outcome"])
    yield _counter(found, tasks.TASKS, "Tasks that ended.", ["task", "state"])
    yield _task_seconds(found)


def _counter(
    found: dict[counters.Counter, float], name: str, text: str, labels: list[str]
) -> Metric:
    metric = CounterMetricFamily(f"kpi_{name}", text, labels=labels)
    for (of, *values), amount in sorted(found.items()):
        if of == name:
            metric.add_metric(values, amount)
    return metric


def _task_seconds(found: dict[counters.Counter, float]) -> Metric:
    metric = HistogramMetricFamily("kpi_task_seconds", "Seconds of tasks.", labels=["task"])
    for (of, *values), total in sorted(found.items()):
        if of == tasks.SUM:
            name = values[0]
            edges = [*map(str, tasks.BUCKETS), "+Inf"]
            each = [found.get((tasks.SECONDS, name, edge), 0.0) for edge in edges]
            buckets = list(zip(edges, accumulate(each), strict=True))
            metric.add_metric([name], buckets, sum_value=total)
    return metric


PARTS: tuple[Callable[[], Iterator[Metric]], ...] = (
    *(build, parts_up, waiting_figures, waiting_jobs, open_alerts, outbox, rejected_events),
    *(database, backup, counted),
)
