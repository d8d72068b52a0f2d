"""What became of contacted learners, and of similar ones whom nobody contacted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Aggregate, Count, F, FloatField, Q, Sum
from django.db.models.functions import Cast

from accounts.reader import Reader
from curriculum.models import Course, CourseRun
from support.models import Contact

# contacts that count: later ones say more about how people work today
DAYS = 365


@dataclass(frozen=True)
class Comparison:
    """`expected` is how many would have done it if each contacted learner had done so as often as
    those similar to them; only contacts with somebody similar are in `contacted` and `done`.
    """

    contacted: int
    done: int
    similar: int
    expected: float

    @property
    def is_shown(self) -> bool:
        return min(self.contacted, self.similar) >= settings.KPI_MIN_GROUP

    @property
    def share(self) -> float:
        return self.done / self.contacted

    @property
    def similar_share(self) -> float:
        return self.expected / self.contacted


@dataclass(frozen=True)
class Outcomes:
    contacts: int
    came_back: Comparison
    caught_up: Comparison
    finished: Comparison


def outcomes(
    reader: Reader, today: date, *, course: Course | None = None, run: CourseRun | None = None
) -> Outcomes:
    """Compare the first contacts of the last year; one query."""
    contacts = Contact.objects.visible_to(reader).filter(on__gt=today - timedelta(days=DAYS))
    if course:
        contacts = contacts.filter(enrollment__run__course=course)
    if run:
        contacts = contacts.filter(enrollment__run=run)
    pairs = {
        "came_back": ("similar", "similar_came_back"),
        "caught_up": ("similar_behind", "similar_caught_up"),
        "finished": ("similar_over", "similar_finished"),
    }
    sums: dict[str, Aggregate] = {}
    for name, (similar, did) in pairs.items():
        is_compared = Q(**{f"{name}__isnull": False, f"{similar}__gt": 0})
        sums[f"{name}_n"] = Count("pk", filter=is_compared)
        sums[f"{name}_done"] = Count("pk", filter=is_compared & Q(**{name: True}))
        sums[f"{name}_similar"] = Sum(similar, filter=is_compared, default=0)
        share = Cast(F(did), FloatField()) / F(similar)
        sums[f"{name}_expected"] = Sum(share, filter=is_compared, default=0.0)
    found = contacts.first_of_learner().order_by().aggregate(contacts=Count("pk"), **sums)
    columns = ("n", "done", "similar", "expected")
    compared = (Comparison(*(found[f"{name}_{one}"] for one in columns)) for name in pairs)
    return Outcomes(found["contacts"], *compared)
