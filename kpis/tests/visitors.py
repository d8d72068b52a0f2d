from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.models import User
from curriculum.models import CourseRun
from kpis.models import DataFreshness
from kpis.recompute import recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import run_of, starts
from kpis.tests.measured import NOW, staff

TAG = re.compile("<[^>]*>")


class Visitor:
    """A signed-in reader of pages; keeps the text of the last one, with single spaces."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        self.status = 0
        self.html = ""
        if user:
            self.client.force_login(user)

    def reads(self, path: str) -> str:
        response = self.client.get(path)
        self.status = response.status_code
        self.html = response.content.decode()
        return " ".join(unescape(TAG.sub(" ", self.html)).split())


@pytest.fixture
def _in_july_2026() -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def ada(db: None, _in_july_2026: None) -> Visitor:
    return Visitor(staff())


@pytest.fixture
def in_july(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kernel.declare(monkeypatch, min_n=2)
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def run() -> CourseRun:
    """Ada completes and Bo does not, both started in June; Cleo, started in May, completes."""
    run = run_of("r1")
    starts("ada", run, "2026-06-10", done=True)
    starts("bo", run, "2026-06-11")
    starts("cleo", run, "2026-05-04", done=True)
    recompute_stale.recompute_stale(now=NOW)
    DataFreshness.objects.create(
        category="test", course=run.course, data_through=NOW, received_at=NOW
    )
    return run
