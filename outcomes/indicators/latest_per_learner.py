"""Count only the latest of several facts about one learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

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
        same = {name: OuterRef(name) for name in (self.per, *PARTITIONS[level])}
        return facts.filter(~Exists(facts.order_by().filter(self._is_later(), **same)))

    def _is_later(self) -> Q:
        condition = Q()
        for name in reversed(self.order):
            is_equal = Q(**{name: OuterRef(name)}) & condition if condition else Q(pk__in=[])
            condition = Q(**{f"{name}__gt": OuterRef(name)}) | is_equal
        return condition
