"""How `course.defined` changes a course."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from core.changes import gathered
from curriculum.models import Course, CourseRun, Enrollment, Module, StructureVersion
from engagement.models import CourseDefinition, LearningObject, VideoProgress
from intake.events.senders import Sender
from intake.models import Event
from intake.receiving.corrections import retract_events
from intake.tests.lms import CREATOR, Lms, event, school, send, statuses

pytestmark = pytest.mark.django_db

DEFINER = Sender("lms", scopes=frozenset({"curriculum:write"}))


def defined(key: str = "d1", at: str = "2026-01-06T00:00:00Z", **data: Any) -> dict[str, Any]:
    course = data.pop("course", "py")
    return event(key, "course.defined", at, learner=None, course=course, data=data)


def define(**data: Any) -> None:
    outcomes = send(defined(**data), sender=DEFINER)
    assert statuses(outcomes) == ["accepted"], outcomes


def module(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "title": key.upper(), **more}


def modules() -> list[tuple[Any, ...]]:
    columns = ("key", "title", "position", "is_required", "planned_days", "effort_minutes")
    return list(Module.objects.order_by("position").values_list(*columns))


def test_an_unknown_course_is_created() -> None:
    video = {"key": "v", "kind": "video", "title": "Hello", "duration": 90}
    define(
        course="go",
        title="Go for all",
        nominal_days=28,
        modules=[module("a", required=False, objects=[video]), module("b", effort_minutes=30)],
        runs=[{"key": "spring", "starts_on": "2026-03-01", "ends_on": "2026-06-01"}],
    )
    made = Course.objects.get(key="go")

    assert (made.title, made.nominal_days) == ("Go for all", 28)
    assert modules() == [("a", "A", 1, False, 7, 120), ("b", "B", 2, True, 7, 30)]
    assert CourseRun.objects.get().nominal_days == 92
    assert LearningObject.objects.get().duration_seconds == 90


def test_fields_that_are_left_out_stay() -> None:
    define(modules=[module("a", planned_days=3), module("b")], course="go")
    define(key="d2", at="2026-01-07T00:00:00Z", modules=[module("b"), module("c")], course="go")

    assert [one[:3] for one in modules()] == [("b", "B", 1), ("c", "C", 2), ("a", "A", 3)]
    assert Module.objects.get(key="a").planned_days == 3


def test_a_late_definition_does_not_override_a_later_one() -> None:
    define(key="new", at="2026-01-09T00:00:00Z", course="go", title="New", modules=[module("a")])
    define(key="old", at="2026-01-06T00:00:00Z", course="go", title="Old", modules=[module("b")])

    assert Course.objects.get(key="go").title == "New"
    assert [one[0] for one in modules()] == ["a", "b"]


def test_a_late_definition_does_not_override_one_whose_event_was_deleted() -> None:
    define(key="new", at="2026-01-09T00:00:00Z", course="go", title="New", modules=[module("a")])
    Event.objects.all().delete()
    define(key="old", at="2026-01-06T00:00:00Z", course="go", title="Old", modules=[module("b")])

    assert Course.objects.get(key="go").title == "New"
    assert [one[0] for one in modules()] == ["a", "b"]


def test_a_repeated_definition_is_kept_once_and_still_overrides_late_ones() -> None:
    for day in (7, 8, 9):
        define(key=f"d{day}", at=f"2026-01-0{day}T00:00:00Z", course="go", title="New")
    assert [one.key for one in CourseDefinition.objects.all()] == ["d9"]
    for day in (6, 8):
        define(key=f"late{day}", at=f"2026-01-0{day}T12:00:00Z", course="go", title="Old")

    assert Course.objects.get(key="go").title == "New"
    assert [one.key for one in CourseDefinition.objects.all()] == ["late8", "d9"]


def test_a_corrected_definition_replaces_the_one_before() -> None:
    define(key="d1", at="2026-01-09T00:00:00Z", course="go", title="Wrong")
    corrected = defined("d1", "2026-01-05T00:00:00Z", course="go", title="Right")
    assert statuses(send(corrected | {"correction": "replace"}, sender=DEFINER)) == ["replaced"]
    define(key="d2", at="2026-01-06T00:00:00Z", course="go", title="Later")

    assert Course.objects.get(key="go").title == "Later"
    assert [one.key for one in CourseDefinition.objects.all()] == ["d1", "d2"]


def test_a_definition_of_an_import_that_was_undone_overrides_nothing_any_more() -> None:
    define(key="d1", at="2026-01-09T00:00:00Z", course="go", title="Undone")
    with gathered() as changes:
        retract_events(list(Event.objects.all()), now=timezone.now(), changes=changes)
    define(key="d2", at="2026-01-06T00:00:00Z", course="go", title="Kept")

    assert Course.objects.get(key="go").title == "Kept"


def test_a_course_can_be_defined_in_the_same_batch_as_its_events() -> None:
    school()
    view = event("e1", "quiz.attempted", object="q")
    define_it = defined(modules=[module("m9", objects=[{"key": "q", "kind": "quiz"}])])
    send(view, define_it, sender=DEFINER)

    assert LearningObject.objects.get().attempts.get().enrollment.learner.key == "ada"


def test_existing_plans_stay() -> None:
    school()
    define(modules=[module("m2", planned_days=1), module("m1", required=False)])
    plan = Enrollment.objects.get(learner__key="ada").plan

    assert list(plan.values_list("module__key", "is_required")) == [("m1", True), ("m2", True)]


def test_a_defined_duration_cuts_watched_segments() -> None:
    school()
    send(event("w", "video.watched", object="v", data={"segments": [[0, 500]], "duration": 400}))
    define(modules=[module("m1", objects=[{"key": "v", "kind": "video", "duration": 100}])])

    assert VideoProgress.objects.get().watched_seconds == 100


def test_one_date_of_a_run_clears_the_other() -> None:
    define(course="go", runs=[{"key": "r", "starts_on": "2026-03-01", "ends_on": "2026-04-01"}])
    define(
        key="d2",
        at="2026-01-07T00:00:00Z",
        course="go",
        runs=[{"key": "r", "starts_on": "2026-05-01"}],
    )

    assert CourseRun.objects.get().ends_on is None


@pytest.mark.parametrize(
    ("data", "field", "part"),
    [
        ({"modules": [module("a"), module("a")]}, "data", "a is listed twice"),
        ({"modules": [{"key": "a"}]}, "data.modules.0.title", "is required"),
        ({"modules": [module("a", colour=1)]}, "data.modules.0.colour", "unknown field"),
        ({"modules": [module("a", objects=[{"key": "v", "kind": "film"}])]}, "", "'video'"),
        ({"nominal_days": 0}, "data.nominal_days", "greater than 0"),
        ({"runs": [{"key": "r", "starts_on": "soon"}]}, "data.runs.0.starts_on", "must be a date"),
        (
            {"runs": [{"key": "r", "starts_on": "2026-03-02", "ends_on": "2026-03-01"}]},
            "data.runs.0",
            "run r ends before it starts",
        ),
    ],
)
def test_an_invalid_definition_is_rejected_with_the_field(
    data: dict[str, Any], field: str, part: str
) -> None:
    (outcome,) = send(defined(course="go", **data), sender=DEFINER)

    assert outcome.status == "rejected"
    assert outcome.field == (field or "data.modules.0.objects.0.kind")
    assert part in outcome.reason
    assert not Course.objects.filter(key="go").exists()


def test_defining_a_course_needs_the_scope() -> None:
    lms = Lms(creates_unknown=True)
    author = Lms("events:write", "curriculum:write", name="author")

    assert lms.post(defined(course="go")).json()["events"][0]["code"] == "not_allowed"
    assert author.post(defined(course="go")).json()["accepted"] == 1


def test_creating_unknown_keys_does_not_include_defining_courses() -> None:
    (outcome,) = send(defined(course="go"), sender=CREATOR)

    assert outcome.code == "not_allowed"


def numbers() -> list[int]:
    return list(StructureVersion.objects.order_by("number").values_list("number", flat=True))


def test_a_definition_makes_a_version_of_the_structure() -> None:
    define(modules=[module("a")], course="go")

    assert StructureVersion.objects.get().structure["modules"][0]["title"] == "A"


def test_the_same_definition_every_night_makes_one_version() -> None:
    define(modules=[module("a")], course="go")
    define(modules=[module("a")], course="go", key="d2", at="2026-01-07T00:00:00Z")

    assert numbers() == [1]


def test_an_older_definition_that_arrives_late_makes_no_version_of_its_own() -> None:
    define(modules=[module("a", planned_days=5)], course="go", at="2026-01-07T00:00:00Z")
    define(modules=[module("a", planned_days=3)], course="go", key="d2")

    assert numbers() == [1]


def test_a_module_that_an_event_names_makes_a_version() -> None:
    school()
    send(event("e1", module="b"), sender=CREATOR)
    (version,) = StructureVersion.objects.all()

    assert [one["key"] for one in version.structure["modules"]] == ["m1", "m2", "b"]
