"""Rebind events when a learner enrolls in another run of a course, and rebuild the facts."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from core.changes import Changes, gathered
from curriculum.models import Module
from curriculum.signals import sign_ups_recorded
from intake.facts.rebuild_facts import rebind
from intake.models import Event, Receipt


@receiver(sign_ups_recorded)
def rebind_events(
    ids: Collection[int],
    by_event: bool = False,
    changes: Changes | None = None,
    **kwargs: object,
) -> None:
    # those who dispatch sign-ups rebind after it; a replay does it after all of them
    if not by_event:
        with gathered(changes) as noted:
            rebind(ids, now=timezone.now(), changes=noted)


@receiver(pre_delete, sender=Module)
def forget_events(instance: Module, **kwargs: object) -> None:
    """Let the events of a deleted module, which go with it, be sent again for a new one."""
    events = Event.objects.filter(module=instance).order_by()
    Receipt.objects.filter(pk__in=events.values("pk")).delete()
