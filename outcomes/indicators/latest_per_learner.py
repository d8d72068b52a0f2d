"""Of several facts of one learner the latest stands: for a course or run the latest within it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.db.models import F, Model, QuerySet, Window
from django.db.models.functions import RowNumber

from kpis.definitions.aggregates import FactAggregate

LEARNER = "enrollment__learner"
# whose facts are of one, where those of the site, a course or a run are told
SAME = {
    "site": (LEARNER,),
    "course": (LEARNER, "enrollment__run__course"),
    "run": ("enrollment",),
}

Fact = TypeVar("Fact", bound=Model)


@dataclass(frozen=True)
class LatestPerLearner:
    """Which facts stand: `of` names what two are of, beside the learner, if only one may count.

    `order` are the fields that decide which one that is, the first of them first.
    """

    of: str
    order: tuple[str, ...]

    def among(self, taken: QuerySet[Fact], level: str = "site") -> QuerySet[Fact]:
        """The facts that stand among these; one of a cancelled enrolment is in nobody's way."""
        place = Window(
            RowNumber(),
            partition_by=[self.of, *SAME[level]],
            order_by=[F(field).desc() for field in self.order],
        )
        # ranked in one pass: looking for a later one from each fact may cost the square of them
        ranked = taken.filter(enrollment__is_cancelled=False).order_by().alias(place=place)
        return taken.filter(pk__in=ranked.filter(place=1).values("pk"))

    def tally(self, taken: QuerySet[Any], **sums: Any) -> FactAggregate:
        """The tally of what stands, on the site and within each course and run."""
        anywhere = FactAggregate(
            rows=self.among(taken),
            among=lambda ids: self.among(taken.filter(enrollment__run__course__in=ids)),
            **sums,
        )
        narrower = {
            level: replace(anywhere, rows=self.among(taken, level), among=None)
            for level in ("course", "run")
        }
        return replace(anywhere, by_level=narrower)
