"""Hear who signs up, and rebuild what thereby belongs to another run."""

from __future__ import annotations

from collections.abc import Collection

from django.dispatch import receiver

from curriculum.signals import sign_ups_recorded
from intake.facts import run_binding
from intake.facts.rebuild_learners import rebuild_enrollments

AT_ONCE = 5_000


@receiver(sign_ups_recorded)
def bind_events(ids: Collection[int], **kwargs: object) -> None:
    if run_binding.is_held():
        return
    ordered = sorted(ids)
    for begin in range(0, len(ordered), AT_ONCE):
        if wrong := run_binding.bind_to_runs(ordered[begin : begin + AT_ONCE]):
            rebuild_enrollments(wrong)
