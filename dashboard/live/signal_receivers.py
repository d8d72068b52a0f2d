"""Publish a change for open pages when figures, targets or alerts change."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from alerts.models import AlertEvent
from alerts.signals import alert_changed
from dashboard.live import tokens, topics, versions
from kpis.models import Measurement, Target
from kpis.signals import CommittedChange, measurements_committed
from presentation.live_updates import PROVIDERS


def connect() -> None:
    PROVIDERS.append(tokens.live_update_data)
    measurements_committed.connect(_publish_figures, dispatch_uid="live")
    for signal in (post_save, post_delete):
        signal.connect(_publish_target, sender=Target, dispatch_uid="live")
    alert_changed.connect(_publish_alert, dispatch_uid="live")


def _publish_figures(changed: Iterable[CommittedChange], **_: Any) -> None:
    versions.publish_change(
        {
            topic
            for one in changed
            for topic in topics.topics_of_change(
                f"{one.category}.{one.period_kind}", one.course_ids, one.run_ids
            )
        }
    )


def _publish_target(instance: Target, **_: Any) -> None:
    if instance.course_id:
        _publish_on_commit(topics.topics_of_change(topics.TARGETS, [instance.course_id]))
    else:
        _publish_on_commit([topics.TARGETS, topics.SHARED_TARGETS])


def _publish_alert(event: AlertEvent, **_: Any) -> None:
    alert = event.alert
    courses = [alert.course_id] if alert.course_id else []
    runs = [alert.scope_id] if alert.scope == Measurement.Scope.RUN else []
    _publish_on_commit(topics.topics_of_change(topics.ALERTS, courses, runs))


def _publish_on_commit(changed: list[str]) -> None:
    transaction.on_commit(partial(versions.publish_change, changed))
