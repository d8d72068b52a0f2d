"""Count only the latest of several facts about one learner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.db.models import F, Model, QuerySet, Window
from django.db.models.functions import RowNumber

from kpis.definitions.aggregates import FactAggregate

LEARNER = "enrollment__learner"
# at each level, the fields whose equal values make two facts compete
PARTITIONS = {
    "site": (LEARNER,),
    "course": (LEARNER, "enrollment__run__course"),
    "run": ("enrollment",),
}

Fact = TypeVar("Fact", bound=Model)


@dataclass(frozen=True)
class LatestPerLearner:
    """Pick the fact that counts for each learner and each value of the field `per`.

    `order` lists the fields that decide which fact is the latest, the most important one first.
    """

    per: str
    order: tuple[str, ...]

    def among(self, facts: QuerySet[Fact], level: str = "site") -> QuerySet[Fact]:
        """Keep the latest of these facts; those of canceled enrollments do not compete."""
        rank = Window(
            RowNumber(),
            partition_by=[self.per, *PARTITIONS[level]],
            order_by=[F(field).desc() for field in self.order],
        )
        # ranked in one pass: looking for a later one from each fact may cost the square of them
        ranked = facts.filter(enrollment__is_cancelled=False).order_by().alias(rank=rank)
        return facts.filter(pk__in=ranked.filter(rank=1).values("pk"))

    def aggregate(self, facts: QuerySet[Any], **sums: Any) -> FactAggregate:
        """Aggregate the latest facts of the site and, separately, of each course and run."""
        site = FactAggregate(
            rows=self.among(facts),
            among=lambda ids: self.among(facts.filter(enrollment__run__course__in=ids)),
            **sums,
        )
        by_level = {
            level: replace(site, rows=self.among(facts, level), among=None)
            for level in ("course", "run")
        }
        return replace(site, by_level=by_level)
