"""The same statements give the same facts: shuffled, split, voided or mapped late."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from curriculum.tests.histories import HISTORIES
from engagement.tests.tables import facts
from statements import replay
from statements.models import Mapping, Pattern
from statements.tests.senders import (
    EDX_COURSE,
    LRS,
    MemoryStore,
    activity,
    edx,
    question,
    statement,
    watched,
)
from statements.vocabulary import COURSE, acrossx, adl, tincan

pytestmark = pytest.mark.django_db

Raw = dict[str, Any]
JUGGLED = "https://example.org/verbs/juggled"
BALLS = activity("https://example.org/balls", "https://example.org/act")
WHO = st.sampled_from(["ada", "bo", "ada@example.org"])
HOURS = st.integers(0, 200)
KINDS = ("registered", "unregistered", "graded", "played", "juggled", "passed")


def raw_of(kind: str, score: int, **more: Any) -> Raw:
    course = activity(EDX_COURSE, COURSE)
    if kind == "registered":
        return edx(adl("registered"), course, **more)
    if kind == "unregistered":
        return edx(tincan("unregistered"), course, **more)
    if kind == "passed":
        return edx(adl("passed"), course, **more)
    if kind == "graded":
        result = {"score": {"raw": score, "min": 0, "max": 4}}
        return edx(acrossx("evaluated"), question(), result=result, **more)
    if kind == "played":
        played = watched("https://w3id.org/xapi/video/verbs/played", time=score)
        return played | {"id": f"{score}-{more}"[:100], "timestamp": more["at"]}
    return statement(JUGGLED, BALLS, parent=[course], **more)


def voiding(one: Raw) -> Raw:
    return statement(adl("voided"), {"objectType": "StatementRef", "id": one["id"]})


@st.composite
def stories(draw: DrawFn) -> list[Raw]:
    """What Ada, who has two names, and Bo do in some days; some of it is voided."""
    drawn = st.tuples(st.sampled_from(KINDS), WHO, HOURS, st.integers(0, 4), st.integers(0, 5))
    found: dict[str, Raw] = {}
    for kind, who, hour, score, chance in draw(st.lists(drawn, max_size=7)):
        at = f"2026-01-{6 + hour // 24:02}T{hour % 24:02}:00:00Z"
        raw = raw_of(kind, score, at=at, who=who)
        if "@" in who:
            raw = raw | {"actor": {"mbox": f"mailto:{who}"}}
        found[raw["id"]] = raw
        if chance == 0:
            void = voiding(raw)
            found[void["id"]] = void
    return list(found.values())


def facts_after(batches: Sequence[Sequence[Raw]], *, maps_late: bool = False) -> dict[str, Any]:
    """The facts of these batches in an empty site."""
    with transaction.atomic():
        create_api_key(LRS.name, [ApiKey.Scope.EVENTS_WRITE], creates_unknown=True)
        lrs = MemoryStore()
        if not maps_late:
            say()
        for batch in batches:
            lrs.take(*batch)
        if maps_late:
            say()
            replay.replay(Pattern.objects.order_by("pk"))
        found = facts()
        transaction.set_rollback(True)
    return found


def say() -> None:
    """Say that juggling is a written note."""
    Mapping.objects.create(verb=JUGGLED, kind="note.written", course_from="", object_from="object")


def mixed(story: list[Raw], data: Any) -> list[list[Raw]]:
    order = data.draw(st.permutations(story))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(story)), max_size=3)))
    return [order[a:b] for a, b in pairwise([0, *cuts, len(story)])]


@HISTORIES
@given(stories(), st.data())
def test_shuffled_and_split_statements_give_the_same_facts(story: list[Raw], data: Any) -> None:
    batches = mixed(story, data)

    assert facts_after([*batches, *batches[:1]]) == facts_after([story])


@HISTORIES
@given(stories(), st.data())
def test_a_meaning_that_is_given_late_gives_the_same_facts(story: list[Raw], data: Any) -> None:
    assert facts_after(mixed(story, data), maps_late=True) == facts_after([story])
