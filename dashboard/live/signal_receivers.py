"""Publish a change for open pages when figures, targets or alerts change."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from alerts.signals import alert_changed
from dashboard.live import tokens, topics, versions
from kpis.models import Target
from kpis.signals import measurements_committed
from presentation.live_updates import PROVIDERS


def connect() -> None:
    PROVIDERS.append(tokens.live_update_data)
    measurements_committed.connect(_publish_figures, dispatch_uid="live")
    for signal in (post_save, post_delete):
        signal.connect(_publish_target, sender=Target, dispatch_uid="live")
    alert_changed.connect(_publish_alert, dispatch_uid="live")


def _publish_figures(changed: Iterable[tuple[str, str, frozenset[int]]], **_: Any) -> None:
    versions.publish_change(
        {topic for change in changed for topic in topics.topics_of_change(*change)}
    )


def _publish_target(**_: Any) -> None:
    _publish_on_commit(topics.TARGETS)


def _publish_alert(**_: Any) -> None:
    _publish_on_commit(topics.ALERTS)


def _publish_on_commit(topic: str) -> None:
    transaction.on_commit(partial(versions.publish_change, [topic]))
