"""Send the examples of docs/events.md as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from accounts.tests.people import learner
from curriculum.models import Skill
from intake.event_kinds import KINDS
from intake.tests.lms import Lms

pytestmark = pytest.mark.django_db


def test_every_example_is_accepted() -> None:
    learner("Ada")
    Skill.objects.create(key="sql", title="SQL")
    text = (Path(settings.BASE_DIR) / "docs" / "events.md").read_text()
    examples = [json.loads(one) for one in re.findall(r"```json\n(.*?)\n```", text, re.DOTALL)]
    answer = Lms("events:write", "curriculum:write").post(examples).json()

    assert {one["kind"] for one in examples} == set(KINDS)
    assert [one for one in answer["events"] if one["status"] != "accepted"] == []
