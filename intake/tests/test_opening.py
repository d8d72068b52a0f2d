"""Batches are checked at once, and mean the same as their events one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.events.envelope import Envelope, open_event
from intake.events.opening import USUAL, Opened, open_events, validate_together
from intake.events.rejections import EventRejected
from intake.tests.lms import event
from intake.tests.test_bad_events import BAD

NOW = datetime(2026, 2, 1, tzinfo=UTC)

TEXTS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        [
            "ada",
            "Ada@Example.com",
            "ada@example.com",
            " ada ",
            "a\x00",
            "\ud800",
            "ﬁ",
            "x" * 201,
            "1",
        ]
    ),
)
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=8,
)
TIMES = st.sampled_from(
    ["2026-01-06T09:00:00Z", "2026-01-06 09:00:00.5+01:00", "1989-12-31T23:59:59Z",
     "2026-02-01T00:04:00Z", "2400-01-01T00:00:00Z", "2026-01-06T09:00:00", "2026-01-06",
     "1700000000"]
)  # fmt: skip
FIELDS = ("id", "kind", "learner", "course", "run", "module", "object", "value", "data", "more")
EVENTS = st.builds(
    lambda at, fields: event(at=at) | fields,
    TIMES,
    st.dictionaries(st.sampled_from(FIELDS), VALUES | TEXTS, max_size=3),
)


def alone(raw: Any) -> Opened:
    try:
        return open_event(raw, now=NOW)
    except EventRejected as rejected:
        return rejected


def shown(opened: Opened) -> Any:
    if isinstance(opened, EventRejected):
        return opened.code, str(opened.reason), opened.field, opened.is_format
    names = Envelope.__dataclass_fields__ if isinstance(opened, Envelope) else ("kind", "id")
    return {name: (type(value), repr(value)) for name in names if (value := getattr(opened, name))}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EVENTS, max_size=4))
def test_a_batch_is_checked_like_its_events_one_by_one(raws: list[Any]) -> None:
    assert [shown(one) for one in open_events(raws, now=NOW)] == [shown(alone(one)) for one in raws]


@pytest.mark.parametrize("bad", [one[0] for one in BAD])
def test_a_bad_event_leaves_the_others_to_the_common_check(bad: Any) -> None:
    raws = [event("before"), bad, event("after")]

    assert {0, 2} <= set(validate_together(USUAL, raws))
    assert shown(open_events(raws, now=NOW)[1]) == shown(alone(bad))
