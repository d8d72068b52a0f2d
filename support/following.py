"""Measure from the facts what learners did after they were contacted, and what others did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet

from core import reporting_clock
from core.database.locks import queue_to_write, try_lock
from curriculum.models import Enrollment
from kpis.definitions.periods import local_day
from support.models import ChanceModel, Contact
from support.prediction import loading
from support.prediction.examples import is_unfinished
from support.prediction.features import Standings, standings_at
from support.prediction.formula import Formula
from support.prediction.histories import Bools, Histories, Ints
from support.ranking import scores_of

# days after a contact in which a learner may come back and catch up
FOLLOWED_DAYS = 14
# learners whose scores differ by no more are similar
SIMILAR = 0.1
FIELDS = (
    *("score", "followed_at", "came_back", "was_behind", "caught_up", "similar"),
    *("similar_came_back", "similar_behind", "similar_caught_up"),
    *("finished", "similar_over", "similar_finished"),
)


def follow(now: datetime) -> int:
    """Measure what is due: fourteen days after a contact, and when the course is over."""
    with try_lock("follow-contacts") as is_ours:
        if not is_ours:
            return 0
        by_run: dict[int, list[Contact]] = defaultdict(list)
        for contact in due(now).select_related("enrollment"):
            by_run[contact.enrollment.run_id].append(contact)
        for run, contacts in by_run.items():
            _follow_run(run, contacts, now)
        return sum(map(len, by_run.values()))


def due(now: datetime) -> QuerySet[Contact]:
    today = local_day(now, reporting_clock.reporting_zone())
    is_time = Q(followed_at=None, on__lt=today - timedelta(days=FOLLOWED_DAYS))
    is_over = Q(finished=None, followed_at__isnull=False, enrollment__due_at__lte=now)
    return Contact.objects.filter(is_time | is_over).order_by("pk")


def _follow_run(run: int, contacts: Sequence[Contact], now: datetime) -> None:
    model = ChanceModel.objects.latest_made()
    loaded = loading.load(Enrollment.objects.counted().filter(run=run))
    contacted = Contact.objects.filter(enrollment__run=run).values_list("enrollment_id", flat=True)
    others = ~np.isin(loaded.ids, sorted(set(contacted)))
    measured = RunMeasures(loaded, others, model.usable_formula if model else None, now)
    for one in contacts:
        measured.measure(one)
    with queue_to_write(), transaction.atomic():
        Contact.objects.bulk_update(contacts, FIELDS, batch_size=500)


@dataclass(frozen=True)
class RunMeasures:
    """The enrollments of a run; `others` are those that nobody has contacted."""

    histories: Histories
    others: Bools
    formula: Formula | None
    now: datetime

    def measure(self, contact: Contact) -> None:
        """Set the fields of a contact; those of an enrollment that no longer counts are final."""
        found = np.flatnonzero(self.histories.ids == contact.enrollment_id)
        if not len(found):
            contact.followed_at, contact.finished = contact.followed_at or self.now, False
            return
        place, day = int(found[0]), contact.on.toordinal()
        before = standings_at(self.histories, self._all_at(day))
        score = scores_of(before, self.histories.courses, self.formula)
        # nobody is similar to a learner who had left or was paused
        alike = self.others & before.is_open & before.is_open[place]
        alike &= np.abs(score - score[place]) <= SIMILAR
        if contact.followed_at is None:
            contact.score, contact.followed_at = round(float(score[place]), 4), self.now
            self._measure_days_after(contact, place, alike, before)
        if self.histories.due[place] < self._day(self.now):
            self._measure_end(contact, place, alike)

    def _measure_days_after(
        self, contact: Contact, place: int, alike: Bools, before: Standings
    ) -> None:
        day = contact.on.toordinal()
        # on the day itself, a learner may have been active before the contact
        after = standings_at(self.histories, self._all_at(day + 1 + FOLLOWED_DAYS))
        came_back, was_behind = after.last_active > day, before.overdue_days > 0
        caught_up = was_behind & (after.overdue_days == 0)
        contact.came_back, contact.was_behind = bool(came_back[place]), bool(was_behind[place])
        contact.caught_up = bool(caught_up[place]) if was_behind[place] else None
        contact.similar = _count(alike)
        contact.similar_came_back = _count(alike & came_back)
        contact.similar_behind = _count(alike & was_behind)
        contact.similar_caught_up = _count(alike & caught_up)

    def _measure_end(self, contact: Contact, place: int, alike: Bools) -> None:
        is_over = alike & (self.histories.due < self._day(self.now))
        has_finished = ~is_unfinished(self.histories)
        contact.finished = bool(has_finished[place])
        contact.similar_over = _count(is_over)
        contact.similar_finished = _count(is_over & has_finished)

    def _all_at(self, day: int) -> Ints:
        return np.full(len(self.histories), day)

    def _day(self, at: datetime) -> int:
        return local_day(at, reporting_clock.reporting_zone()).toordinal()


def _count(mask: Bools) -> int:
    return int(mask.sum())
