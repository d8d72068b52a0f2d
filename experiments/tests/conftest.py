from __future__ import annotations

import pytest

from accounts.models import User
from curriculum.models import CourseRun
from kpis.tests import kernel
from kpis.tests.kernel import run_of
from kpis.tests.visitors import _in_july_2026

__all__ = ["_in_july_2026"]


@pytest.fixture
def few_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", is_staff=True)


@pytest.fixture
def run() -> CourseRun:
    return run_of("r1")


@pytest.fixture
def next_run(run: CourseRun) -> CourseRun:
    """A second run of the same course, which learners enter during the experiment."""
    return CourseRun.objects.create(course=run.course, key="r2")
