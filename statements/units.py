"""Keep what sessions of cmi5 units report, and find which units are satisfied by it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from core.database import bulk_upsert
from core.database.id_lists import ids_in
from statements.fields import at_pointer
from statements.first_activity import moment
from statements.interpreted import Interpreted
from statements.models import Unit, UnitReport
from statements.move_on import Launch, launch_of, repeated_launch, satisfied_by
from statements.occurrence import Identifier, number_in
from statements.rules import MODULE_DONE
from statements.voiding import events_with_ids, take_back
from xapi.models import State
from xapi.statements.agents import identifier_of

Event = dict[str, Any]
LAUNCH_DATA = "LMS.LaunchData"
EXTENSION = "https://w3id.org/xapi/cmi5/context/extensions/"
UNIT = ("digest", "learner_key", "agent", "registration", "activity")
REPORT = (
    "unit_id", "origin", "statement_id", "sender", "counts_as", "at", "session", "scaled",
    "move_on", "mastery_score", "event",
)  # fmt: skip

TARGET = ("origin", "statement_id")


class Satisfied(NamedTuple):
    """The event that follows from a satisfied unit, and the sender of its statement."""

    sender: str
    event: Event
    is_stored: bool


def note(
    origin: str, some: Collection[Interpreted], sender: str, keys: Mapping[Identifier, str]
) -> set[int]:
    """Write what statements report of their units, and hold these until the transaction ends."""
    counting = {
        one.one.id: (_unit(one, keys[one.one.learner]), one)
        for one in some
        if one.translation.unit and one.one.learner
    }
    if not counting:
        return set()
    rows = sorted({unit for unit, _ in counting.values()})
    stored = bulk_upsert.upsert(
        Unit, UNIT, rows, conflict="digest", merge={"agent": "replace"}, returning=("digest", "id")
    )
    ids = dict(stored)
    reports = [(ids[unit[0]], origin, *_report(one, sender)) for unit, one in counting.values()]
    merge = dict.fromkeys((name for name in REPORT if name not in TARGET), "replace")
    bulk_upsert.upsert(UnitReport, REPORT, reports, conflict=", ".join(TARGET), merge=merge)
    return set(ids.values())


def forget(origin: str, ids: Collection[str]) -> set[int]:
    """Delete what these statements report; return their units."""
    rows = UnitReport.objects.filter(origin=origin, statement_id__in=list(ids))
    units = set(rows.values_list("unit", flat=True)) if ids else set()
    if units:
        list(Unit.objects.select_for_update().filter(pk__in=units).order_by("digest"))
        rows.delete()
    return units


def settle(ids: Collection[int], *, now: datetime) -> list[Satisfied]:
    """Return what follows from these units, and take back what follows no longer."""
    reports: dict[int, list[UnitReport]] = defaultdict(list)
    rows = UnitReport.objects.filter(unit__in=ids_in(ids)).select_related("unit")
    for one in rows if ids else ():
        reports[one.unit_id].append(one)
    if not reports:
        return []
    launches = _launches([some[0].unit for some in reports.values()])
    by = [
        satisfied_by(some, _complete(launches.get(unit, Launch()), some))
        for unit, some in reports.items()
    ]
    following = {one.statement_id: one for one in by if one}
    every = [one for some in reports.values() for one in some]
    senders, statements = {one.sender for one in every}, {one.statement_id for one in every}
    stored = [
        event for event in events_with_ids(senders, statements) if event.kind == MODULE_DONE.kind
    ]
    take_back([event for event in stored if event.key not in following], now=now)
    known = {event.key for event in stored}
    return [
        Satisfied(one.sender, one.event | {"learner": one.unit.learner_key}, key in known)
        for key, one in following.items()
    ]


def _complete(launch: Launch, reports: list[UnitReport]) -> Launch:
    """Prefer launch data to what the statements repeat of them."""
    return launch if launch.move_on else repeated_launch(reports)


def _launches(units: Collection[Unit]) -> dict[int, Launch]:
    """Return the launch data that the launching system has stored for these units."""
    named = {
        (one.activity, one.agent, one.registration): one.pk for one in units if one.registration
    }
    rows = State.objects.filter(
        key=LAUNCH_DATA,
        registration__in={registration for _, _, registration in named},
        activity__key__in={activity for activity, _, _ in named},
    ).order_by()
    columns = ("activity__key", "agent__key", "registration", "content")
    found = rows.values_list(*columns) if named else ()
    return {
        named[place]: launch_of(_json(content))
        for activity, agent, registration, content in found
        if (place := (activity, agent, registration)) in named
    }


def _json(content: bytes) -> Any:
    try:
        return json.loads(bytes(content))
    except (ValueError, RecursionError):
        return None


def _unit(one: Interpreted, key: str) -> tuple[str, ...]:
    activity = one.one.object.id
    registration = str(at_pointer(one.one.raw, "/context/registration") or "").lower()[:36]
    text = f"{key}\n{registration}\n{activity}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    actor = one.one.raw.get("actor")
    agent = identifier_of(actor) if isinstance(actor, dict) else None
    return digest, key, agent or "", registration, activity


def _report(one: Interpreted, sender: str) -> tuple[Any, ...]:
    context = at_pointer(one.one.raw, "/context/extensions")
    given = context if isinstance(context, dict) else {}
    rule, event = one.translation.rule, one.translation.unit
    assert rule is not None  # noqa: S101 - for the type checker
    assert event is not None  # noqa: S101 - for the type checker
    return (
        one.one.id[:200], sender, rule.counts_as, moment(event),
        str(given.get(f"{EXTENSION}sessionid", ""))[:200],
        number_in(at_pointer(one.one.raw, "/result/score/scaled")),
        str(given.get(f"{EXTENSION}moveon", ""))[:30],
        number_in(given.get(f"{EXTENSION}masteryscore")), event,
    )  # fmt: skip
