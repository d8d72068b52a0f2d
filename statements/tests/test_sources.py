"""What the statements of each source mean, in the shapes in which they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from statements.sources.cmi5 import ABANDONED, SATISFIED, WAIVED
from statements.tests.senders import (
    EDX_COURSE,
    MOODLE,
    PROBLEM,
    activity,
    cmi5,
    edx,
    events_of,
    h5p,
    kinds,
    moodle,
    question,
    statement,
    translated,
    watched,
)
from statements.vocabulary import (
    ASSESSMENT,
    ATTEMPT,
    CMI5_BLOCK,
    CMI5_COURSE,
    COURSE,
    DISCUSSION,
    EDLM,
    INTERACTION,
    MODULE,
    OBJECTIVE,
    OPEN_EDX_MODE,
    SCORM,
    acrossx,
    adl,
    dod,
    edlm,
    stream,
    tincan,
    tla,
    video,
)

MOODLE_COURSE = activity(f"{MOODLE}/course/view.php?id=2", CMI5_COURSE)
PAGE = activity(f"{MOODLE}/mod/page/view.php?id=3", "https://w3id.org/xapi/acrossx/activities/page")
ESSAY_SENT = activity("x#submission", f"{EDLM}submission")
GRADED_QUESTION = activity(PROBLEM, "http://adlnet.gov/expapi/activities/question")
THREAD = activity("http://lms/threads/1", DISCUSSION)
SCORE = {"score": {"raw": 3, "min": 0, "max": 4, "scaled": 0.75}, "success": False}
QUIZ = activity(f"{MOODLE}/mod/quiz/view.php?id=7", ASSESSMENT)
ESSAY = activity(f"{MOODLE}/mod/assign/view.php?id=9", f"{EDLM}assignment")


def only(raw: dict[str, Any], **more: str) -> dict[str, Any]:
    (event,) = events_of(raw, **more)
    return event


def test_open_edx_names_course_and_run_in_one_id() -> None:
    event = only(edx(acrossx("evaluated"), question(), result=SCORE))

    assert (event["course"], event["run"]) == ("edX+DemoX", "2026")
    assert event["object"] == "block-v1:edX+DemoX+2026+type@problem+block@a0ef"


def test_an_enrollment_of_open_edx_has_the_track_of_its_mode() -> None:
    def of(mode: str) -> Any:
        course = activity(EDX_COURSE, COURSE, extensions={OPEN_EDX_MODE: mode})
        return only(edx(adl("registered"), course))["data"]

    assert of("verified") == {"track": "certificate"}
    assert of("audit") == {"track": "audit"}


def test_a_problem_of_several_questions_is_one_attempt() -> None:
    problem = {**question(), "objectType": "GroupActivity"}
    course = activity(EDX_COURSE, COURSE)
    batch = [
        edx(acrossx("evaluated"), problem, result=SCORE),
        *(
            edx(
                acrossx("evaluated"),
                question(f"{PROBLEM}_{part}_1"),
                parent=[problem],
                grouping=[course],
                result={"response": "blue", "success": True},
            )
            for part in (2, 3)
        ),
    ]

    assert [kinds(one) for one in batch] == [["assessment.graded"], [], []]
    assert only(batch[0])["value"] == 3
    assert only(batch[0])["data"]["max"] == 4


def test_a_problem_worth_no_points_is_not_graded() -> None:
    nothing = {"score": {"raw": 0, "min": 0, "max": 0}, "success": True}

    assert kinds(edx(acrossx("evaluated"), question(), result=nothing)) == []


def test_the_number_of_an_attempt_at_a_problem_is_kept() -> None:
    tenth = question(extensions={"http://id.tincanapi.com/extension/attempt-id": 10})

    assert only(edx(acrossx("evaluated"), tenth, result=SCORE))["data"]["attempt"] == 10


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (edx(adl("attempted"), question()), ["quiz.attempted"]),
        (edx(adl("attempted"), GRADED_QUESTION), []),
        (edx(tincan("unregistered"), activity(EDX_COURSE, COURSE)), ["enrollment.withdrawn"]),
        (edx(adl("passed"), activity(EDX_COURSE, COURSE)), ["course.completed"]),
        (edx(adl("failed"), activity(EDX_COURSE, COURSE)), []),
        (edx(acrossx("posted"), THREAD), ["discussion.posted"]),
        (edx(acrossx("reported"), THREAD), []),
        (edx(dod("navigated"), activity(PROBLEM, MODULE)), ["content.viewed"]),
    ],
)  # fmt: skip
def test_what_else_open_edx_sends(raw: dict[str, Any], expected: list[str]) -> None:
    assert translated(raw).rule
    assert kinds(raw) == expected


def test_a_quiz_of_moodle_is_graded_by_its_points_and_not_by_its_scaled_score() -> None:
    attempt = activity(f"{MOODLE}/mod/quiz/attempt.php?attempt=31&cmid=7", ATTEMPT)
    # Moodle counts `scaled` from -1 to 1
    half = {"score": {"raw": 50, "min": 0, "max": 100, "scaled": 0.0}, "success": True}
    tried, graded = events_of(moodle(adl("completed"), attempt, QUIZ, result=half))

    assert (tried["kind"], graded["kind"]) == ("quiz.attempted", "assessment.graded")
    assert (graded["value"], graded["data"]) == (50, {"max": 100, "attempt": 31})
    assert graded["object"] == "moodle.example.org/mod/quiz/view.php?id=7"
    assert graded["module"] == "moodle.example.org/course/section.php?id=1"
    assert graded["course"] == "moodle.example.org/course/view.php?id=2"


def test_a_later_grade_of_an_assignment_in_moodle_replaces_the_earlier() -> None:
    essay = activity(f"{ESSAY['id']}#submission", f"{EDLM}submission")
    first, second = (
        only(moodle(tla("scored"), essay, ESSAY, result={"score": {"raw": raw, "max": 10}}))
        for raw in (7, 4)
    )

    assert first["data"] == second["data"] == {"max": 10, "attempt": 1}
    assert first["object"] == second["object"] == "moodle.example.org/mod/assign/view.php?id=9"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (moodle(edlm("enrolled"), MOODLE_COURSE), ["enrollment.started"]),
        (moodle(stream("leave"), MOODLE_COURSE), ["enrollment.withdrawn"]),
        (moodle(adl("completed"), MOODLE_COURSE), ["course.completed"]),
        (moodle(tincan("viewed"), PAGE), ["content.viewed"]),
        (moodle(stream("schema/1.0/submit"), ESSAY_SENT, ESSAY), ["assignment.submitted"]),
        (moodle(adl("answered"), activity("q", INTERACTION), QUIZ), ["question.answered"]),
        (moodle(stream("create"), activity("d", DISCUSSION)), ["discussion.posted"]),
        (moodle(edlm("login"), activity(MOODLE, "http://id.tincanapi.com/activitytype/lms")), []),
        (moodle(dod("deleted"), activity("m", "http://adlnet.gov/expapi/activities/meeting")), []),
    ],
)  # fmt: skip
def test_what_else_moodle_sends(raw: dict[str, Any], expected: list[str]) -> None:
    assert translated(raw).rule
    assert kinds(raw) == expected


def test_questions_inside_of_a_piece_of_h5p_count_in_its_score() -> None:
    part = h5p(adl("answered"), part="?subContentId=5", result=SCORE)
    whole = h5p(adl("completed"), result=SCORE)

    assert kinds(part, course="art") == ["question.answered"]
    assert kinds(whole, course="art") == ["quiz.attempted", "assessment.graded"]


def test_h5p_names_no_course() -> None:
    assert translated(h5p(adl("completed"), result=SCORE)).lacks == {"course"}
    assert only(h5p(adl("attempted")), course="art")["course"] == "art"


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (adl("launched"), []),
        (adl("initialized"), ["module.started"]),
        # the module is completed once its moveOn is met: test_units.py
        (adl("completed"), []),
        (adl("passed"), ["assessment.graded"]),
        (adl("failed"), ["assessment.graded"]),
        (ABANDONED, []),
        (WAIVED, ["module.waived"]),
        (adl("terminated"), []),
    ],
)
def test_the_verbs_of_cmi5(verb: str, expected: list[str]) -> None:
    result = {"success": verb != adl("failed")}
    raw = cmi5(verb, result=result)

    assert translated(raw).rule
    assert kinds(raw) == expected
    assert {event["module"] for event in events_of(raw)} <= {"units.example.org/u1"}


def test_a_course_of_cmi5_is_completed_when_it_is_satisfied() -> None:
    def satisfied(kind: str) -> list[str]:
        done = activity("https://courses.example.org/c1", kind)
        category = activity("https://w3id.org/xapi/cmi5/context/categories/cmi5")
        grouping = activity("https://courses.example.org/c1", CMI5_COURSE)
        return kinds(statement(SATISFIED, done, category=[category], grouping=[grouping]))

    assert satisfied(CMI5_COURSE) == ["course.completed"]
    assert satisfied(CMI5_BLOCK) == ["module.completed"]


def test_a_pass_without_a_score_is_full_and_a_failure_none() -> None:
    passed = only(cmi5(adl("passed"), result={"success": True}))
    failed = only(cmi5(adl("failed"), result={"success": False}))

    assert (passed["value"], failed["value"]) == (1, 0)
    assert passed["data"]["attempt"] != failed["data"]["attempt"]


def test_segments_of_the_video_profile_are_what_was_watched() -> None:
    event = only(watched(video("paused"), played_segments="0[.]30[,]40[.]55.5", time=55.5))

    assert event["kind"] == "video.watched"
    assert event["data"] == {"segments": [[0, 30], [40, 55.5]], "duration": 100}


def test_a_player_that_pauses_inside_a_segment_ends_it_there() -> None:
    event = only(watched(video("paused"), played_segments="0[.]30[,]40", time=52))

    assert event["data"]["segments"] == [[0, 30], [40, 52]]


def test_a_jump_leaves_the_new_segment_open() -> None:
    event = only(watched(video("seeked"), played_segments="0[.]30[,]70", time_from=30, time_to=70))

    assert event["data"]["segments"] == [[0, 30]]


def test_a_play_of_the_video_profile_adds_no_seconds_of_its_own() -> None:
    assert kinds(watched(video("played"), time=3)) == ["content.viewed"]


def test_positions_of_other_players_are_plays_and_stops() -> None:
    played = only(watched(video("played"), profile=False, time=3))
    paused = only(watched(video("paused"), profile=False, time=90))
    jumped = only(watched(video("seeked"), profile=False, time_from=90, time_to=10))

    assert [(one["kind"], one["value"]) for one in (played, paused, jumped)] == [
        ("video.played", 3), ("video.paused", 90), ("video.paused", 90),
    ]  # fmt: skip


def test_a_broken_list_of_segments_is_left_out() -> None:
    assert kinds(watched(video("paused"), played_segments="x[.]y[,]9[.]3", time=5)) == []


def test_a_scorm_unit_is_a_module() -> None:
    category, course = activity(SCORM), activity("https://example.org/course", COURSE)
    unit = activity("https://example.org/sco", "http://adlnet.gov/expapi/activities/lesson")

    def sent(verb: str, **more: Any) -> dict[str, Any]:
        return only(statement(adl(verb), unit, category=[category], grouping=[course], **more))

    assert sent("initialized")["kind"] == "module.started"
    assert sent("completed")["module"] == "example.org/sco"
    assert sent("scored", result=SCORE)["value"] == 3


def test_a_slide_and_a_result_of_storyline() -> None:
    base = "urn:articulate:storyline:6cuTE"
    course = activity(base, COURSE)
    slide = activity(f"{base}/slide1", MODULE)
    result = activity(f"{base}/quiz", OBJECTIVE)

    assert kinds(statement(adl("experienced"), slide, parent=[course])) == ["content.viewed"]
    assert kinds(statement(adl("passed"), result, parent=[course], result=SCORE)) == [
        "quiz.attempted", "assessment.graded",
    ]  # fmt: skip


def test_a_type_that_no_rule_names_is_unmapped() -> None:
    assert (
        translated(statement(video("paused"), activity("x", "https://example.org/film"))).rule
        is None
    )
