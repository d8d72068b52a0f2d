"""Run the examples of docs/bi.md as they are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from accounts.api_keys import create_api_key
from accounts.tests.people import course
from curriculum.models import Course
from exports.change_log import feed
from exports.tests.copies import ALL

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

BLOCK = re.compile(r"```(python|r)\n(.*?)```", re.DOTALL)


def block(language: str) -> str:
    text = (Path(settings.BASE_DIR) / "docs" / "bi.md").read_text()
    (found,) = [code for name, code in BLOCK.findall(text) if name == language]
    return found  # type: ignore[no-any-return]


@pytest.fixture
def run(live_server: LiveServer, tmp_path: Path) -> Any:
    """Return a function that runs an example in a folder of its own, against this server."""
    _, key = create_api_key("warehouse", list(ALL))

    def run_example(program: str, option: str, language: str) -> list[str]:
        code = block(language).replace("http://localhost:5000", live_server.url)
        done = subprocess.run(
            [program, option, code],
            env={"KEY": key, "PATH": "/usr/bin:/bin"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")

    return run_example


def change() -> None:
    """Delete one of two courses, and add two."""
    Course.objects.get(key="py").delete()
    course("ml")
    course("r")


def test_the_example_for_python_keeps_a_copy(run: Any) -> None:
    course("py")
    course("sql")
    first = run(sys.executable, "-c", "python")
    change()
    second = run(sys.executable, "-c", "python")
    feed.stop()
    again = run(sys.executable, "-c", "python")

    assert [lines[0] for lines in (first, second, again)] == ["course 2", "course 3", "course 3"]


def test_the_example_for_r_keeps_a_copy(run: Any) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed (Debian: apt install r-base-core r-cran-httr2).")
    course("py")
    course("sql")
    first = run(rscript, "-e", "r")
    change()
    second = run(rscript, "-e", "r")

    assert [lines[0].strip() for lines in (first, second)] == ["course 2", "course 3"]
