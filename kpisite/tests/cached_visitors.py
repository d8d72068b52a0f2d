"""Visitors whose responses are cached, for the tests of the response cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User
from core import process_cache
from curriculum.models import Course
from kpis.tests.measured import COMPLETION, NOW, course, fed, measured

API = "/api/kpi/engagement/completion-rate"
BY_COURSE = f"{API}?by=course"
PAGE = "/kpi-dashboard"
TOKENS = re.compile(r'(csrfmiddlewaretoken" value|data-live)="[^"]*"')


class Clock:
    """A clock that moves only when the test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def timestamp(self) -> float:
        return self.now.timestamp()

    def advance(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)


@pytest.fixture
def clock() -> Iterator[Clock]:
    made = Clock()
    with (
        patch("django.utils.timezone.now", made),
        patch("time.time", made.timestamp),
    ):
        yield made


@pytest.fixture
def py() -> Course:
    """One course with a closed month: 60 of 100 completed."""
    made = course("py", "intro")
    measured(COMPLETION, "2026-06", 60, 100)
    measured(COMPLETION, "2026-06", 60, 100, of=made)
    fed(made)
    return made


class Visitor:
    """A client that always sends the same credential."""

    def __init__(self, credential: User | str) -> None:
        self.client = Client()
        self.headers: dict[str, str] = {}
        if isinstance(credential, User):
            self.client.force_login(credential)
        else:
            self.headers = {"Authorization": f"Bearer {credential}"}

    def gets(self, path: str = API, **headers: str) -> Any:
        return self.client.get(path, headers=self.headers | headers)

    def is_served_again(self, path: str = API, **headers: str) -> bool:
        """Return whether a request needs none of the product's queries."""
        with CaptureQueriesContext(connection) as queries:
            response = self.gets(path, **headers)
        return bool(response.status_code == 200 and not queries.captured_queries)

    def warms_up(self, path: str = API) -> Any:
        """Request until the response is cached: the first uses of a credential are recorded.

        On PostgreSQL, tests beside this one commit to the same server, which ends what is cached.
        """
        for _ in range(50):
            response = self.gets(path)
            if self.is_served_again(path):
                return response
        raise AssertionError(f"{path} is not cached.")


def program(*scopes: str, courses: tuple[Course, ...] = ()) -> tuple[ApiKey, Visitor]:
    key, secret = create_api_key("bi", scopes or ["kpis:read"], courses=courses)
    return key, Visitor(secret)


def text_of(response: Any) -> tuple[int, str]:
    return response.status_code, TOKENS.sub("", response.content.decode())


def assert_right(visitor: Visitor, path: str, *, changed_from: Any) -> None:
    """Check that the next response is another one, and the one that is right now."""
    now = text_of(visitor.gets(path))
    process_cache.clear_all()

    assert now != text_of(changed_from)
    assert now == text_of(visitor.gets(path))
