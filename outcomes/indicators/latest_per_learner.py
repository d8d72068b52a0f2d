"""Count only the latest of several facts about one learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import F, Model, QuerySet, Window
from django.db.models.functions import RowNumber

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
        """Keep the latest of these facts, which are cut to the scope and those who count."""
        rank = Window(
            RowNumber(),
            partition_by=[self.per, *PARTITIONS[level]],
            order_by=[F(field).desc() for field in self.order],
        )
        # ranked in one pass: looking for a later one from each fact may cost the square of them
        ranked = facts.order_by().alias(rank=rank)
        # what the ranked ones were filtered by need not be looked up again
        rows: QuerySet[Fact] = QuerySet(facts.model)
        return rows.filter(pk__in=ranked.filter(rank=1).values("pk"))
