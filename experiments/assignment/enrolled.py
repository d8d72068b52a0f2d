"""Where learners are enrolled, as far as it decides about audiences."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from core.database.id_lists import ids_in
from curriculum.models import Enrollment

PATHS = (
    "learner_id", "learner__key", "run_id", "run__key", "run__starts_on", "run__course_id",
    "run__course__key", "enrolled_at", "certificate_track_at",
)  # fmt: skip


class EnrolledIn(NamedTuple):
    """An enrollment that counts; a tuple, because there are thousands in one call."""

    learner_id: int
    learner_key: str
    run_id: int
    run_key: str
    run_starts_on: date | None
    course_id: int
    course_key: str
    enrolled_at: datetime
    certificate_track_at: datetime | None

    @property
    def is_certificate_track(self) -> bool:
        return self.certificate_track_at is not None

    @property
    def key_of_run(self) -> str:
        return f"{self.course_key}/{self.run_key}"


def enrollments_of(learner_ids: Collection[int]) -> list[EnrolledIn]:
    """Return the enrollments of learners, the earliest first, with one query."""
    rows = Enrollment.objects.counted().filter(learner__in=ids_in(learner_ids))
    return [EnrolledIn(*row) for row in rows.order_by("enrolled_at", "pk").values_list(*PATHS)]
