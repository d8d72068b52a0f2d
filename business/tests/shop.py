"""Ada and Bo learn and buy, Acme is an organization; their events go through the intake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import count
from typing import Any

from accounts.tests.people import course, run_of
from business.models import Subscription
from core import reporting_clock
from curriculum.models import Course
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope

SHOP = Sender("shop", creates_unknown=True)
numbers = count(1)
ENVELOPE: tuple[str, ...] = ("id", "course", "run")
ACME = {"key": "acme", "kind": "organisation"}


def school(*keys: str) -> list[Course]:
    """Create courses with one run each."""
    made = [course(key) for key in keys or ("py",)]
    for one in made:
        run_of(one)
    return made


def event(kind: str, at: str, who: str | None = None, /, **more: Any) -> dict[str, Any]:
    """An event; a day without a time means noon, and fields of the kind go into `data`."""
    occurred_at = at if "T" in at else f"{at}T12:00:00Z"
    fields = {"id": f"s{next(numbers)}", "kind": kind, "occurred_at": occurred_at, "data": more}
    envelope = {name: more.pop(name) for name in ENVELOPE if name in more}
    return {**fields, **envelope, **({"learner": who} if who else {})}


def did(kind: str, at: str, who: str | None = None, /, **more: Any) -> None:
    (outcome,) = receive([event(kind, at, who, **more)], SHOP)
    assert outcome.status == "accepted", outcome


def rejection_of(kind: str, at: str, who: str | None = None, /, **more: Any) -> str:
    (outcome,) = receive([event(kind, at, who, **more)], SHOP)
    assert outcome.status == "rejected", outcome
    return outcome.reason


def enrolled(*names: str, at: str, course: str = "py", **more: Any) -> None:
    for name in names:
        did("enrollment.started", at, name, course=course, **more)


def holds(who: str | None, key: str, since: str, **more: Any) -> None:
    did("subscription.started", since, who, subscription=key, **more)


def ends(key: str, how: str, at: str, **more: Any) -> None:
    did(f"subscription.{how}", at, subscription=key, **more)


def paid(who: str | None, amount: Any, at: str, *, currency: str = "USD", **more: Any) -> None:
    did("payment.received", at, who, amount=amount, currency=currency, **more)


def refund(who: str | None, amount: Any, at: str, *, currency: str = "USD", **more: Any) -> None:
    did("payment.refunded", at, who, amount=amount, currency=currency, **more)


def period(day: str, kind: str = "month") -> Period:
    """The period that contains a day; 2026-03 means the month."""
    first = date.fromisoformat(day if len(day) > 7 else f"{day}-01")
    return containing(first, kind, reporting_clock.reporting_zone())


def sums(
    slug: str, day: str, kind: str = "month", *, of: Course | None = None
) -> tuple[float, float]:
    """Total and weight of a business KPI in the period that contains the day."""
    scope = Scope(course_ids=frozenset({of.pk})) if of else Scope()
    found = sums_by(REGISTRY[f"business.{slug}"], period(day, kind), (), scope)[()]
    return found.total, found.weight


def retained(day: str, kind: str = "month", *, of: Course | None = None) -> tuple[float, float]:
    """Customers kept and customers active at the start."""
    return sums("retention", day, kind, of=of)


def periods() -> list[tuple[str, str | None, str | None, str]]:
    """Every subscription period: key, first and last day, and how it ended."""
    rows = Subscription.objects.order_by("key", "started_at")
    return [(one.key, _day(one.started_at), _day(one.ended_at), one.ended_by) for one in rows]


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%m-%d}" if moment else None


def table(
    slug: str, drill: str, day: str, kind: str = "month", **scope: Any
) -> list[dict[str, Any]]:
    found = REGISTRY[f"business.{slug}"].drill_downs[drill]
    return [dict(row) for row in found.table(period(day, kind), Scope(**scope)).rows]


def rows_of(rows: Sequence[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]
