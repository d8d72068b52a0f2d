"""Find the statements of GET /statements, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from xapi.models import (
    Activity,
    ActivityMention,
    Agent,
    AgentMention,
    Statement,
    Target,
    Verb,
)
from xapi.statements.agents import ACCOUNT, authority_of, identifier_of

# the position of a statement in the order of storing
Cursor = tuple[datetime, int]
NOTHING = -1


@dataclass(frozen=True)
class Filters:
    """What a client asks for; `only_sender` is what its key may see."""

    agent: str | None = None
    verb: str | None = None
    activity: str | None = None
    registration: UUID | None = None
    related_activities: bool = False
    related_agents: bool = False
    since: datetime | None = None
    until: datetime | None = None
    ascending: bool = False
    only_sender: str | None = None

    @classmethod
    def of(cls, question: dict[str, Any], *, only_sender: str | None) -> Filters:
        """Return the filters of a question as a link to more holds it."""
        names = ("agent", "verb", "activity", "related_activities", "related_agents", "ascending")
        registration, since, until = (question[name] for name in ("registration", "since", "until"))
        return cls(
            **{name: question[name] for name in names},
            registration=UUID(registration) if registration else None,
            since=datetime.fromisoformat(since) if since else None,
            until=datetime.fromisoformat(until) if until else None,
            only_sender=only_sender,
        )

    @property
    def narrows(self) -> bool:
        """True when a statement may only be found by the statement that is its object."""
        return any((self.agent, self.verb, self.activity, self.registration))


def page_of(filters: Filters, limit: int, after: Cursor | None) -> tuple[list[int], Cursor | None]:
    """Return the ids of a page in their order, and the position to go on from, if there is more.

    A statement is found by what it says and by what the statements say to which it leads. Each way
    is a query of its own that reads an index in the order of storing.
    """
    found: set[Cursor] = set()
    for rows in _ways(filters):
        found.update(_first(rows, filters, limit + 1, after))
    ordered = sorted(found, reverse=not filters.ascending)[: limit + 1]
    page = ordered[:limit]
    more = page[-1] if len(ordered) > limit else None
    return [pk for _, pk in page], more


@dataclass(frozen=True)
class _Way:
    """Rows with `stored`, and the path from them to the statement that is found."""

    rows: QuerySet[Any]
    found: str
    pk: str


def _ways(filters: Filters) -> Iterator[_Way]:
    condition = _Condition.of(filters)
    yield condition.direct()
    if filters.narrows:
        yield condition.by_target()
    if sender := _sender_meant(filters):
        yield condition.by_authority(sender)


def _sender_meant(filters: Filters) -> str | None:
    """Return the sender whose authority is the agent asked for, among related agents."""
    if not (filters.related_agents and filters.agent and filters.agent.startswith(ACCOUNT)):
        return None
    name = filters.agent.removeprefix(ACCOUNT).partition(" ")[2]
    return name if identifier_of(authority_of(name)) == filters.agent else None


@dataclass(frozen=True)
class _Condition:
    """The filters with the ids of what they name; NOTHING is never found."""

    filters: Filters
    agent: int | None
    activity: int | None
    verb: int | None

    @classmethod
    def of(cls, filters: Filters) -> _Condition:
        return cls(
            filters,
            _id_of(Agent, filters.agent),
            _id_of(Activity, filters.activity),
            _id_of(Verb, filters.verb),
        )

    def direct(self) -> _Way:
        """Start with the filter that is likely to find least."""
        if self.agent is not None:
            rows = AgentMention.objects.filter(self._agent_is())
            return self._of_mentions(rows, with_activity=True)
        if self.activity is not None:
            return self._of_mentions(
                ActivityMention.objects.filter(self._activity_is()), with_activity=False
            )
        return _Way(self._visible(Statement.objects.filter(self._columns("")), ""), "", "pk")

    def _of_mentions(self, rows: QuerySet[Any], *, with_activity: bool) -> _Way:
        rows = rows.filter(self._columns("statement__"))
        if with_activity and self.activity is not None:
            rows = rows.filter(self._mentions_activity("statement"))
        return _Way(self._visible(rows, "statement__"), "statement__", "statement_id")

    def by_target(self) -> _Way:
        rows = Target.objects.filter(self._columns("target__"))
        if self.agent is not None:
            found = AgentMention.objects.filter(self._agent_is(), statement=OuterRef("target__pk"))
            rows = rows.filter(Exists(found))
        if self.activity is not None:
            rows = rows.filter(self._mentions_activity("target__pk"))
        return _Way(self._visible(rows, "statement__"), "statement__", "statement_id")

    def by_authority(self, sender: str) -> _Way:
        rows = Statement.objects.filter(self._columns(""), sender=sender)
        if self.activity is not None:
            rows = rows.filter(self._mentions_activity("pk"))
        return _Way(self._visible(rows, ""), "", "pk")

    def _agent_is(self) -> Q:
        own = Q() if self.filters.related_agents else Q(is_direct=True)
        return Q(agent=self.agent) & own

    def _activity_is(self) -> Q:
        own = Q() if self.filters.related_activities else Q(is_direct=True)
        return Q(activity=self.activity) & own

    def _mentions_activity(self, path: str) -> Exists:
        return Exists(ActivityMention.objects.filter(self._activity_is(), statement=OuterRef(path)))

    def _columns(self, path: str) -> Q:
        """Return what is asked of the statement that matches."""
        wanted: dict[str, Any] = {}
        if self.verb is not None:
            wanted[f"{path}verb"] = self.verb
        if self.filters.registration:
            wanted[f"{path}registration"] = self.filters.registration
        return Q(**wanted)

    def _visible(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        """Keep what is not voided and may be seen, of the statements found."""
        rows = rows.filter(**{f"{path}is_voided": False})
        if self.filters.only_sender is not None:
            rows = rows.filter(**{f"{path}sender": self.filters.only_sender})
        return rows


def _id_of(model: type[Agent | Activity | Verb], key: str | None) -> int | None:
    if key is None:
        return None
    found = QuerySet(model).filter(key=key).values_list("pk", flat=True).first()
    return NOTHING if found is None else found


def _first(way: _Way, filters: Filters, limit: int, after: Cursor | None) -> list[Cursor]:
    rows = way.rows
    if filters.since:
        rows = rows.filter(stored__gt=filters.since)
    if filters.until:
        rows = rows.filter(stored__lte=filters.until)
    if after:
        at, pk = after
        side = "gt" if filters.ascending else "lt"
        # the first condition lets the index begin there
        rows = rows.filter(
            Q(**{f"stored__{side}e": at})
            & (Q(**{f"stored__{side}": at}) | Q(**{f"{way.pk}__{side}": pk}))
        )
    sign = "" if filters.ascending else "-"
    ordered = rows.order_by(f"{sign}stored", f"{sign}{way.pk}")
    return list(ordered.values_list("stored", way.pk)[:limit])


def statements_in_order(ids: list[int]) -> list[Statement]:
    found = Statement.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]
