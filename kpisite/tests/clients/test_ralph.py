"""Ralph 5.1.0 writes statements into the product, and reads them back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kpisite.testing import clients
from kpisite.tests.clients.store import Store, kinds, scores, texts

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ralph(store: Store) -> Any:
    """Return a function that runs Ralph's command line with our store as its backend."""
    folder = str(clients.from_pypi())

    def run(command: str, *options: str, given: str = "") -> list[Any]:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ralph", "-v", "ERROR", command, "--backend", "lrs"),
                *("--lrs-base-url", store.url, "--lrs-statements-endpoint", "/xapi/statements"),
                *("--lrs-username", "tool", "--lrs-password", store.secret),
                *("--lrs-headers", "X_EXPERIENCE_API_VERSION=1.0.3,CONTENT_TYPE=application/json"),
                *options,
            ],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": folder, "RALPH_SENTRY_DSN": ""},
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def passed(number: int) -> dict[str, Any]:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(minutes=number)
    return {
        "id": str(UUID(int=number, version=4)),
        "actor": {"mbox": f"mailto:learner-{number}@example.com"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/passed"},
        "object": {"id": "https://units.example.org/means"},
        "result": {"score": {"scaled": 0.5}},
        "timestamp": at.isoformat(),
    }


def lines(some: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in some)


def test_what_ralph_pushes_counts_and_what_it_pulls_is_whole(ralph: Any) -> None:
    some = [passed(number) for number in range(7)]
    ralph("write", given=lines(some[:4]))
    # what is stored already is no conflict
    ralph("write", "--chunk-size", "3", given=lines(some))
    assert [json.loads(text) for text in texts()] == some
    assert scores() == [0.5] * 7
    assert kinds().count("assessment.graded") == 7
    # three pages
    pulled = ralph("read", "--chunk-size", "3", '{"ascending": true}')

    assert [one["id"] for one in pulled] == [one["id"] for one in some]
