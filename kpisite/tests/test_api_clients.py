"""Run the examples of docs/api-clients.md as they are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from pytest_django.live_server_helper import LiveServer

from accounts.api_keys import create_api_key
from intake.models import Event
from kpis.api.courses import CoursePages
from kpis.tests.measured import COMPLETION, course, measured

PATH = "/usr/bin:/bin"
BLOCK = re.compile(r"```(sh|python|r|sql)\n(.*?)```", re.DOTALL)


def blocks(language: str) -> list[str]:
    text = (Path(settings.BASE_DIR) / "docs" / "api-clients.md").read_text()
    return [block for name, block in BLOCK.findall(text) if name == language]


@pytest.fixture
def run(live_server: LiveServer, tmp_path: Path) -> Any:
    """Return a function that runs a program with an example, against this test's server."""
    _, key = create_api_key("lms", ["events:write", "kpis:read"], creates_unknown=True)

    def run_example(*program: str) -> str:
        done = subprocess.run(
            [*program[:-1], program[-1].replace("http://localhost:5000", live_server.url)],
            env={"KEY": key, "PATH": PATH},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_example


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_the_examples_for_curl_work(run: Any, tmp_path: Path) -> None:
    measured(COMPLETION, "2026-06", 60, 100)
    event = {"id": "7", "kind": "enrollment.started", "occurred_at": "2026-03-02T09:00:00Z"}
    named = {"learner": "bo", "course": "py", "run": "r1"}
    (tmp_path / "events.jsonl").write_text(json.dumps(event | named) + "\n")
    read, sent = (run("sh", "-c", block) for block in blocks("sh"))

    assert read.splitlines()[0].startswith("kpi,")
    assert json.loads(sent)["accepted"] == 1
    assert Event.objects.get().key == "7"


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_the_example_for_python_works(run: Any) -> None:
    (example,) = blocks("python")
    first, *months = run(sys.executable, "-c", example).splitlines()

    assert first.split() == ["1", "accepted"]
    assert months
    assert Event.objects.get().key == "1"


def lacks_r() -> bool:
    """Return whether R or one of the packages of its example is missing."""
    program = "library(httr2); library(jsonlite)"
    rscript = which("Rscript", path=PATH)
    return not rscript or bool(
        subprocess.run([rscript, "-e", program], capture_output=True, check=False).returncode
    )


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_the_example_for_r_works(run: Any) -> None:
    if lacks_r():
        pytest.skip("needs Rscript with httr2 and jsonlite")
    measured(COMPLETION, "2026-06", 60, 100)
    for number in range(CoursePages.page_size):
        course(f"course-{number}")
    (example,) = blocks("r")
    sent, *rest = run("Rscript", "-e", example).splitlines()

    assert sent.split() == ["1", "accepted"]
    # two pages
    assert sum(line.startswith("course ") for line in rest) == CoursePages.page_size + 1
    assert any(line.split()[2:4] == ["60", "100"] for line in rest), rest
    assert Event.objects.get().key == "1"


@pytest.mark.django_db
@pytest.mark.skipif("not config.getoption('--database') == 'postgres'", reason="PostgreSQL only")
def test_the_role_for_reports_reads_large_groups_and_nothing_else() -> None:
    made = course("py")
    measured(COMPLETION, "2026-06", 60, 100, of=made)
    measured(COMPLETION, "2026-05", 3, 5, of=made)
    with connection.cursor() as cursor:
        for block in blocks("sql"):
            cursor.execute(block)
        cursor.execute("SET LOCAL ROLE reporting")
        cursor.execute("SELECT course, total / weight FROM reporting.figures")
        assert cursor.fetchall() == [("py", 0.6)]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("SELECT * FROM accounts_user")
        cursor.execute("RESET ROLE")
