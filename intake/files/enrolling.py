"""Enroll the learners of a file who are not enrolled, at the time of their first row in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from core.external_keys import normalize_key
from curriculum.models import Enrollment
from intake.csv.source import Row
from intake.event_kinds import KINDS, EventSubject
from intake.events.learner_aliases import resolve
from intake.files.shapes.base import Made
from intake.files.stored_dates import stored_dates

KIND = "enrollment.started"
# learner, course and run
Place = tuple[str, str, str]
CHUNK_SIZE = 500


@dataclass
class Enrollments:
    """The first row of each learner in each course of a file."""

    shape: str
    sender: str
    _firsts: dict[Place, tuple[datetime, int, Made]] = field(default_factory=dict)

    def see(self, made: Made, line: int) -> None:
        if not made.at or made.is_gone or KINDS[made.kind].about is not EventSubject.ENROLLMENT:
            return
        place = (normalize_key(made.learner), made.course, made.run)
        if place not in self._firsts or made.at < self._firsts[place][0]:
            self._firsts[place] = (made.at, line, made)

    def rows(self) -> Iterator[Row]:
        """Yield a sign-up for each learner who has none of another origin.

        One of an earlier file moves to the earlier of both times.
        """
        places = list(self._firsts)
        for start in range(0, len(places), CHUNK_SIZE):
            chunk = places[start : start + CHUNK_SIZE]
            raws = {place: self._sign_up(place) for place in chunk}
            stored = stored_dates(self.sender, [raw["id"] for raw in raws.values()])
            enrolled = _enrolled(chunk)
            for place, raw in raws.items():
                at, line, made = self._firsts[place]
                if place in enrolled and (KIND, raw["id"]) not in stored:
                    continue
                first = min(at, stored.get((KIND, raw["id"]), at))
                yield Row(line, {**raw, "occurred_at": first.isoformat()}, made.columns)

    def _sign_up(self, place: Place) -> dict[str, str]:
        at, _, made = self._firsts[place]
        sign_up = Made(
            KIND, ("first-row", *place), at, learner=made.learner, course=made.course, run=made.run
        )
        return sign_up.raw(self.shape)


def _enrolled(places: list[Place]) -> set[Place]:
    """Return those that are enrolled in the run, or in any run of the course if none is named."""
    names = {learner for learner, _, _ in places}
    people = {name: name for name in names} | dict(resolve(names))
    rows = Enrollment.objects.filter(
        learner__key__in={*people.values()},
        run__course__key__in={course for _, course, _ in places},
    ).values_list("learner__key", "run__course__key", "run__key")
    runs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for learner, course, run in rows:
        runs[learner, course].add(run)
    return {
        (learner, course, run)
        for learner, course, run in places
        if (found := runs[people[learner], course]) and (not run or run in found)
    }
