"""Invalid events are rejected with the reason, and the other events of the batch accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import override_settings

from accounts.tests.people import course, run_of
from curriculum.models import Course, CourseRun, Learner, Module
from intake.models import Event, RejectedEvent
from intake.tests.lms import CREATOR, JSON, Lms, event, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def nest(levels: int) -> Any:
    inner: Any = 1
    for _ in range(levels):
        inner = [inner]
    return inner


def graded(**more: Any) -> dict[str, Any]:
    return event(kind="assessment.graded", **{"object": "exam", "value": 0.5, **more})


WATCHED = {"kind": "video.watched", "object": "v"}

# the event, then code, field and part of the reason
BAD: list[tuple[Any, str, str, str]] = [
    ([], "not_an_object", "", "not an array"),
    (None, "not_an_object", "", "not null"),
    (7, "not_an_object", "", "not a number"),
    ({}, "missing", "id", "is required"),
    (event(at=None), "missing", "occurred_at", "is required"),
    (event(7), "invalid", "id", "got 7."),
    (event(""), "invalid", "id", "a length of at least 1"),
    (event("x" * 300), "invalid", "id", "at most 200 characters"),
    (event("a\x00b"), "invalid", "id", "NUL"),
    (event("\ud800"), "invalid", "id", "Unicode"),
    (event(learner="a\x00"), "invalid", "learner", "NUL"),
    (event(learner=["ada"]), "invalid", "learner", 'got ["ada"].'),
    (event(course=True), "invalid", "course", "got true."),
    (event(module="m" * 101), "invalid", "module", "at most 100 characters"),
    (event(object="o\x00"), "invalid", "object", "NUL"),
    (event(kind="Viewed it"), "invalid", "kind", "pattern"),
    (event(kind=["x.y"]), "invalid", "kind", "must be text"),
    (event(colour="red"), "unknown_field", "colour", "unknown field"),
    (event() | {"a\x00": 1}, "unknown_field", "a\\x00", "unknown field"),
    (event() | {"\ud800": 1}, "invalid", "", "Unicode"),
    (event(at="yesterday"), "invalid", "occurred_at", "such as 2026-03-31T09:30:00Z"),
    (event(at="1700000000"), "invalid", "occurred_at", "such as 2026"),
    (event(at=1700000000), "invalid", "occurred_at", "such as 2026"),
    (event(at="2026-01-06T09:00:00"), "invalid", "occurred_at", "UTC offset"),
    (event(at="2026-01-06"), "invalid", "occurred_at", "such as 2026"),
    (event(at="2026-02-30T00:00:00Z"), "invalid", "occurred_at", "must be a date and time"),
    (event(at="99999-01-01T00:00:00Z"), "invalid", "occurred_at", "99999-01-01"),
    (event(at="9999-12-31T23:59:59-12:00"), "in_future", "occurred_at", "at most 60 minutes"),
    (event(at="0001-01-01T00:00:00+14:00"), "too_old", "occurred_at", "before 1990"),
    (event(value="0.5"), "invalid", "value", 'got "0.5".'),
    (event(value=True), "invalid", "value", "got true."),
    (event(value=float("nan")), "invalid", "value", "finite"),
    (event(value=float("-inf")), "invalid", "value", "finite"),
    (event(value=10**400), "invalid", "value", "must be a number"),
    (event(data=[1]), "invalid", "data", "must be an object"),
    (event(data={"a": float("nan")}), "invalid", "data", "not a valid JSON number"),
    (event(data={"a": [{"b": float("inf")}]}), "invalid", "data", "not a valid JSON number"),
    (event(data={"a": "x\x00"}), "invalid", "data", "NUL"),
    (event(data={"a\x00": 1}), "invalid", "data", "NUL"),
    (event(data={"a": "\udfff"}), "invalid", "data", "surrogate"),
    (event(data={"a": nest(9)}), "too_deep", "data", "deeper than 8 levels"),
    (event(data={"a": nest(150)}), "too_deep", "data", "deeper than 8 levels"),
    (event(data={"a": "x" * 5_000_000}), "too_large", "data", "larger than 64 KiB"),
    (event("e" * 5_000_000), "invalid", "id", "at most 200 characters"),
    (event(learner=None), "missing", "learner", "is required"),
    (event(course=None), "missing", "course", "is required"),
    (event(learner="cleo"), "unknown_learner", "learner", "unknown learner"),
    (event(course="rust"), "unknown_course", "course", "“rust”"),
    (event(module="s1"), "unknown_module", "module", "course “py” has no module “s1”"),
    (event(run="r9"), "not_enrolled", "learner", "run “r9” of course “py”"),
    (event(course="sql"), "not_enrolled", "learner", "course “sql”"),
    (event(at="2026-01-04T00:00:00Z"), "before_enrollment", "occurred_at", "2026-01-05"),
    (sign_up("bo", run="r9") | {"id": "n"}, "unknown_run", "run", "Its runs: r1."),
    (event(kind="module.completed"), "missing", "module", "required for module.completed"),
    (event(kind="quiz.attempted"), "missing", "object", "required for "),
    (graded(value=None), "missing", "value", "required for "),
    (graded(value=1.5), "invalid", "value", "The score must be between 0 and data.max (1)"),
    (graded(data={"max": 0}), "invalid", "data.max", "greater than 0"),
    (graded(data={"attempt": "2nd"}), "invalid", "data.attempt", 'got "2nd".'),
    (graded(data={"marks": 1}), "unknown_field", "data.marks", "unknown field"),
    (graded(data={"items": [{"id": "q"}]}), "missing", "data.items.0.score", "is required"),
    (
        graded(data={"items": [{"id": "q", "score": 1}] * 2}),
        "invalid",
        "data",
        "each item may be listed only once",
    ),
    (event(**WATCHED), "missing", "data.segments", "is required"),
    (event(**WATCHED, data={"segments": []}), "invalid", "data.segments", "a length of at least 1"),
    (event(**WATCHED, data={"segments": [[9, 3]]}), "invalid", "data", "ends before it begins"),
    (event(**WATCHED, data={"segments": [[-1, 3]]}), "invalid", "data.segments.0.0", "at least 0"),
    (event(**WATCHED, data={"segments": [[1]]}), "missing", "data.segments.0.1", "is required"),
    (
        event(kind="video.played", object="v", value=-1),
        "invalid",
        "value",
        "The position must be between 0 and 604800 seconds, not -1.",
    ),
    (event(kind="course.defined"), "not_allowed", "kind", "curriculum:write"),
    (event(kind="content.viewed", data={"x": 1}), "unknown_field", "data.x", "unknown field"),
]


@pytest.mark.parametrize(("bad", "code", "field", "part"), BAD)
def test_a_bad_event_is_rejected_with_code_field_and_reason(
    bad: Any, code: str, field: str, part: str
) -> None:
    course("sql").modules.create(key="s1", title="S1", position=1)
    answer = Lms().post([event("before"), bad, event("after")])

    before, outcome, after = answer.json()["events"]
    assert answer.status_code == 200
    assert (before["status"], after["status"]) == ("accepted", "accepted")
    assert (outcome["status"], outcome["code"], outcome.get("field", "")) == (
        "rejected",
        code,
        field,
    )
    assert part in outcome["reason"]
    kept = RejectedEvent.objects.get()
    assert (kept.code, kept.field, kept.reason) == (code, field, outcome["reason"])
    assert Event.objects.filter(sender="lms").count() == 2


@pytest.mark.parametrize("digits", [4_300, 5_000])
def test_a_huge_number_does_not_affect_other_events(digits: int) -> None:
    good, bad = json.dumps(event("good")), json.dumps(event("bad", value=0))
    bad = bad.replace('"value": 0', f'"value": {"9" * digits}')
    answer = Lms().post(f"[{bad}, {good}]".encode())

    assert [one["status"] for one in answer.json()["events"]] == ["rejected", "accepted"]
    assert answer.json()["events"][0]["field"] == "value"


def test_a_time_within_the_future_tolerance_is_accepted() -> None:
    lms = Lms()
    with override_settings(KPI_FUTURE_TOLERANCE_MINUTES=60 * 24 * 365 * 500):
        answer = lms.post(event(at="2400-01-01T00:00:00Z"))

    assert answer.json()["accepted"] == 1


def test_data_of_eight_levels_is_accepted() -> None:
    # the object itself is the first
    assert statuses(send(event(kind="thing.happened", data={"a": nest(6)}))) == ["accepted"]


def test_empty_data_may_be_null() -> None:
    assert statuses(send({**event(), "data": None})) == ["accepted"]


def test_an_event_without_an_id_is_stored_without_one() -> None:
    send(event(None))

    assert RejectedEvent.objects.get().key == ""


def test_a_long_payload_is_truncated_when_stored() -> None:
    send(event(data={"a": "x" * 100_000}))
    kept = RejectedEvent.objects.get()

    assert kept.payload.endswith("characters)")
    assert len(kept.payload) < 70_000


def test_a_rejected_event_creates_nothing() -> None:
    bad = event(kind="assessment.graded", learner="dan", course="go", module="g1", value=2)
    send(bad, sender=CREATOR)

    assert not Learner.objects.filter(key="dan").exists()
    assert not Course.objects.filter(key="go").exists()


def test_a_sender_that_may_create_rows_creates_those_of_an_enrollment() -> None:
    start = sign_up("dan", course="go", run="spring")
    view = event("e2", learner="dan", course="go", module="g1")
    outcomes = send(view, start, sender=CREATOR)

    assert statuses(outcomes) == ["accepted", "accepted"]
    assert CourseRun.objects.get(key="spring").course.key == "go"
    assert Module.objects.get(key="g1").is_required is False


def test_a_sign_up_for_a_new_course_creates_a_run_with_the_course_key() -> None:
    send(sign_up("dan", course="go"), sender=CREATOR)

    assert CourseRun.objects.get(course__key="go").key == "go"


def test_modules_created_on_the_fly_come_last() -> None:
    made = Course.objects.get(key="py")
    made.modules.filter(key="m1").update(position=7)
    send(event("e1", module="x"), event("e2", module="y"), sender=CREATOR)

    assert list(made.modules.values_list("key", "position")) == [
        ("m2", 2),
        ("m1", 7),
        ("x", 8),
        ("y", 9),
    ]


def test_a_sender_limited_to_courses_creates_none_and_reaches_no_other() -> None:
    py, sql = Course.objects.get(key="py"), course("sql")
    run_of(sql)
    lms = Lms(courses=[py], creates_unknown=True)
    batch = [event("e1"), sign_up("bo", course="sql"), sign_up("dan", course="go")]
    answer = lms.post(batch)

    assert [one.get("code") for one in answer.json()["events"]] == [
        None,
        "unknown_course",
        "unknown_course",
    ]
    assert not Course.objects.filter(key="go").exists()


def test_a_sender_limited_to_courses_without_any_reaches_none() -> None:
    py = Course.objects.get(key="py")
    lms = Lms(courses=[py])
    lms.key.courses.clear()

    assert lms.post(event()).json()["events"][0]["code"] == "unknown_course"


def test_sending_events_requires_the_scope() -> None:
    answer = Lms("kpis:read").post(event())

    assert answer.status_code == 403
    assert "events:write" in answer.json()["detail"]


def test_a_revoked_key_is_unauthorized() -> None:
    lms = Lms()
    lms.key.revoked_at = lms.key.created_at
    lms.key.save()

    assert lms.post(event()).status_code == 401


def test_an_api_key_is_required() -> None:
    lms = Lms()
    answer = lms.client.post("/api/events", json.dumps(event()), content_type=JSON)

    assert answer.status_code == 401


def test_a_rejected_event_creates_no_unknown_rows() -> None:
    (outcome,) = send(event(learner="cleo", course="go", module="m9"), sender=CREATOR)

    assert outcome.code == "not_enrolled"
    assert not Learner.objects.filter(key="cleo").exists()
    assert not Course.objects.filter(key="go").exists()


def test_other_events_beside_a_rejected_one_create_what_they_need() -> None:
    outcomes = send(
        sign_up("cleo", course="go"),
        event("e1", learner="cleo", course="go"),
        event("e2", learner="dan", course="go"),
        sender=CREATOR,
    )

    assert statuses(outcomes) == ["accepted", "accepted", "rejected"]
    assert not Learner.objects.filter(key="dan").exists()


@pytest.mark.parametrize("levels", [150, 199, 500, 100_000])
def test_an_event_nested_too_deep_to_read_does_not_affect_others(levels: int) -> None:
    deep = json.dumps(event("e2", data={"a": "[x]"})).replace('"[x]"', "[" * levels + "]" * levels)
    half = json.dumps(event("e4", object="\ud800"))
    body = f"[{json.dumps(event('e1', object='a,]}'))}, {deep},{half}, {json.dumps(event('e3'))}]"
    answer = Lms().post(body.encode())

    outcomes = [(one["status"], one.get("code")) for one in answer.json()["events"]]
    assert outcomes == [
        ("accepted", None), ("rejected", "too_deep"), ("rejected", "invalid"), ("accepted", None)
    ]  # fmt: skip
