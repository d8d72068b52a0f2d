"""The program of docs/canvas.md reads by canvasapi, and its events become figures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from accounts.api_keys import create_api_key
from curriculum.models import Enrollment
from engagement.models import AssessmentResult
from kpisite.testing import clients
from kpisite.tests.clients.canvas import TOKEN, Canvas, enrollment, graded, submission
from kpisite.tests.clients.site import serving
from kpisite.tests.clients.store import kinds

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

ADA, BO, CLEO, TEST_STUDENT = 11, 12, 13, 99


@pytest.fixture
def canvas() -> Iterator[Canvas]:
    made = Canvas(
        lists={
            "enrollments": [
                enrollment(1, ADA),
                enrollment(2, BO, "deleted"),
                # in two sections, of which she left one
                enrollment(3, CLEO, "deleted"),
                enrollment(4, CLEO, start_at="2026-01-15T08:00:00Z"),
            ],
            "assignments": [
                {"id": 21, "name": "Essay", "points_possible": 20.0, "quiz_id": None},
                {"id": 22, "name": "Quiz", "points_possible": 10.0, "quiz_id": 31},
                {"id": 23, "name": "Survey", "points_possible": 0.0},
            ],
            "students/submissions": [
                graded(41, ADA, 21, 15.0),
                graded(42, ADA, 22, 12.0),
                graded(43, CLEO, 21, 0.0, excused=True),
                graded(44, CLEO, 23, 0.0),
                submission(45, CLEO, 22, submitted_at=None, workflow_state="unsubmitted"),
                graded(46, TEST_STUDENT, 21, 20.0),
            ],
            "quizzes": [
                {"id": 31, "quiz_type": "assignment", "assignment_id": 22},
                {"id": 32, "quiz_type": "practice_quiz", "assignment_id": None},
            ],
            "quizzes/32/submissions": [
                {"id": 51, "user_id": ADA, "attempt": 2, "finished_at": "2026-03-03T09:00:00Z"},
                {"id": 52, "user_id": CLEO, "attempt": 1, "finished_at": None},
            ],
        }
    )
    with serving(made):
        yield made


@pytest.fixture
def run(canvas: Canvas, live_server: LiveServer) -> Callable[[], str]:
    """Return a function that runs the program, and returns what it prints."""
    folder = str(clients.from_pypi())
    _, key = create_api_key("canvas", ["events:write"], creates_unknown=True)
    text = (Path(settings.BASE_DIR) / "docs" / "canvas.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-c", program.replace("http://localhost:5000", live_server.url)],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": folder,
                # it warns of addresses without TLS, but reads from them
                "PYTHONWARNINGS": "ignore",
                "CANVAS_URL": canvas.url,
                "CANVAS_TOKEN": TOKEN,
                "CANVAS_COURSE": "7",
                "KEY": key,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def scores() -> dict[tuple[str, str], float]:
    rows = AssessmentResult.objects.values_list(
        "enrollment__learner__key", "assessment__key", "score"
    )
    return {(who, what): score for who, what, score in rows}


def test_a_course_of_canvas_becomes_facts(run: Callable[[], str], canvas: Canvas) -> None:
    assert run() == ""

    # Cleo is excused, the survey has no points, and the test student is nobody
    ada = "canvas-11"
    assert scores() == {(ada, "assignment-21"): 0.75, (ada, "assignment-22"): 1.0}
    people = Enrollment.objects.order_by("learner__key")
    assert [one.learner.key for one in people] == [ada, "canvas-12", "canvas-13"]
    assert [bool(one.withdrawn_at) for one in people] == [False, True, False]
    assert people[2].started_at.date().isoformat() == "2026-01-15"
    assert kinds() == [
        *("assessment.graded",) * 2,
        *("assignment.submitted",) * 3,
        *("enrollment.started",) * 3,
        *("enrollment.withdrawn",),
        *("quiz.attempted",) * 2,
    ]
    # all pages, each once
    assert sum("?page=2" in one for one in canvas.asked) == 3


def test_a_second_run_corrects_what_has_changed(run: Callable[[], str], canvas: Canvas) -> None:
    run()
    canvas.lists["students/submissions"][0]["score"] = 18.0
    canvas.lists["enrollments"][1]["enrollment_state"] = "active"
    assert run() == ""

    assert scores()["canvas-11", "assignment-21"] == 0.9
    assert not Enrollment.objects.filter(withdrawn_at__isnull=False).exists()
    assert kinds().count("assessment.graded") == 2
