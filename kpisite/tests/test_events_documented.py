"""Send the examples of docs/events.md as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import learner
from curriculum.models import Skill
from experiments.tests.documented import run_documented
from intake import event_kinds
from intake.event_kinds import KINDS
from intake.facts import rebuild_facts
from intake.models import Event
from intake.tests.lms import Lms

pytestmark = pytest.mark.django_db


def send_examples() -> tuple[set[str], list[dict[str, str]]]:
    """Send all examples at once; return their kinds and the outcomes."""
    learner("Ada")
    run_documented("ada")
    Skill.objects.create(key="sql", title="SQL")
    text = (Path(settings.BASE_DIR) / "docs" / "events.md").read_text()
    examples = [json.loads(one) for one in re.findall(r"```json\n(.*?)\n```", text, re.DOTALL)]
    answer = Lms("events:write", "curriculum:write").post(examples).json()
    return {one["kind"] for one in examples}, answer["events"]


def test_every_example_is_accepted() -> None:
    kinds, outcomes = send_examples()

    assert kinds == set(KINDS)
    assert [one for one in outcomes if one["status"] != "accepted"] == []


def test_no_handler_reads_stored_events(monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []

    def dispatch(events: Sequence[Event], **kwargs: Any) -> Any:
        with CaptureQueriesContext(connection) as queries:
            relocated = event_kinds.dispatch(events, **kwargs)
        statements.extend(one["sql"] for one in queries)
        return relocated

    monkeypatch.setattr(rebuild_facts, "dispatch", dispatch)
    send_examples()

    assert len(statements) > len(KINDS)
    assert [one for one in statements if '"intake_event"' in one] == []
