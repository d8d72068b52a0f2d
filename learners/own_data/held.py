"""What is held about a learner, counted in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value

from core.lazy_text import LazyText
from core.personal_data import PERSONAL_DATA, Person, PersonalData
from curriculum.erasing import person_of
from curriculum.models import Learner
from learners.own_data.purposes import NAMES, ON_ERASURE, PURPOSES


@dataclass(frozen=True)
class Held:
    """One kind of rows: how many there are, why, and what becomes of them on erasure."""

    name: str
    count: int
    purpose: LazyText
    on_erasure: LazyText
    reason: LazyText | None


def held_about(learner: Learner) -> list[Held]:
    """Return the kinds of rows that there are, in the order of the apps."""
    declared = list(PERSONAL_DATA.values())
    person = person_of(learner)
    first, *others = (_counted(at, one, person) for at, one in enumerate(declared))
    counts = dict(first.union(*others, all=True))
    return [_held(declared[at], count) for at, count in sorted(counts.items()) if count]


def _counted(at: int, declared: PersonalData, person: Person) -> QuerySet[Any, Any]:
    rows: QuerySet[Any] = QuerySet(declared.model).filter(pk__in=declared.find(person).values("pk"))
    kind: QuerySet[Any] = rows.order_by().annotate(declared_at=Value(at)).values("declared_at")
    counted: QuerySet[Any, Any] = kind.annotate(count=Count("pk"))
    return counted.values_list("declared_at", "count")


def _held(declared: PersonalData, count: int) -> Held:
    meta = declared.model._meta
    return Held(
        name=str(NAMES.get(meta.app_label) or meta.verbose_name_plural),
        count=count,
        purpose=PURPOSES.get(meta.app_label, ""),
        on_erasure=ON_ERASURE[declared.action],
        reason=declared.reason,
    )
