"""The one place that says whose data somebody has read, for whoever keeps a record of it."""

from __future__ import annotations

from collections.abc import Iterable

from django.dispatch import Signal

from accounts.models import ApiKey, User

# by: the account or API key; learner_ids; how: page, csv or api
learners_read = Signal()


def note_reading(by: User | ApiKey, learner_ids: Iterable[int], how: str) -> None:
    learners_read.send(sender=note_reading, by=by, learner_ids=sorted(set(learner_ids)), how=how)
