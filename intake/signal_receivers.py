"""Rebind events when a learner enrolls in another run of a course, and rebuild the facts."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from curriculum.models import Module
from curriculum.signals import sign_ups_recorded
from intake.facts import run_binding
from intake.facts.rebuild_facts import rebuild_enrollments
from intake.models import Event, Receipt

CHUNK_SIZE = 5_000


@receiver(sign_ups_recorded)
def bind_events(ids: Collection[int], **kwargs: object) -> None:
    if run_binding.is_suspended():
        return
    ordered = sorted(ids)
    for begin in range(0, len(ordered), CHUNK_SIZE):
        if wrong := run_binding.bind_to_runs(ordered[begin : begin + CHUNK_SIZE]):
            rebuild_enrollments(wrong)


@receiver(pre_delete, sender=Module)
def forget_events(instance: Module, **kwargs: object) -> None:
    """Let the events of a deleted module, which go with it, be sent again for a new one."""
    events = Event.objects.filter(module=instance).order_by()
    Receipt.objects.filter(pk__in=events.values("pk")).delete()
