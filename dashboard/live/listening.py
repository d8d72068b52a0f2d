"""What moves pages: figures that are measured, a target that is set, and an alert that moves."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from alerts.signals import alert_changed
from dashboard.live import change_times, topics, watch_token
from kpis.models import Target
from kpis.signals import measurements_committed
from presentation.live_pages import WATCHERS


def listen() -> None:
    WATCHERS.append(watch_token.watch)
    measurements_committed.connect(_figures_moved, dispatch_uid="live")
    for signal in (post_save, post_delete):
        signal.connect(_target_is_set, sender=Target, dispatch_uid="live")
    alert_changed.connect(_alert_moved, dispatch_uid="live")


def _figures_moved(changed: Iterable[tuple[str, str, frozenset[int]]], **_: Any) -> None:
    change_times.publish({topic for some in changed for topic in topics.topics_of_change(*some)})


def _target_is_set(**_: Any) -> None:
    _tell_when_committed(topics.TARGETS)


def _alert_moved(**_: Any) -> None:
    _tell_when_committed(topics.ALERTS)


def _tell_when_committed(topic: str) -> None:
    transaction.on_commit(partial(change_times.publish, [topic]))
