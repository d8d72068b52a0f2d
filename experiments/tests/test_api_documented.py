"""The example of a draft in docs/api.md."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings

from experiments.tests.bearers import LIST, READ, WRITE, bearing
from kpis.tests.kernel import run_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]


def documented() -> Any:
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    begin = text.index('{"key": "strict-marks"')
    return json.JSONDecoder().raw_decode(text[begin:])[0]


def test_the_documented_draft_is_saved() -> None:
    run_of("r1")
    sent = documented()
    made = bearing(READ, WRITE).post(LIST, sent, content_type="application/json")

    assert made.status_code == 201, made.json()
    assert {name: made.json()[name] for name in ("key", "courses", "planned_effect")} == {
        "key": "strict-marks", "courses": ["py"], "planned_effect": 5.0
    }  # fmt: skip
