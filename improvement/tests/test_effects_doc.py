"""The worked example of docs/effects.md is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from improvement.effects import measure, sentence
from improvement.tests.changed_course import (
    MEASURED_AT,
    Change,
    alert_about,
    change_of,
    course_of,
)
from kpis.tests.kernel import declare


@pytest.mark.django_db
def test_the_worked_example_is_what_the_code_says(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)
    for key in ("js", "go", "sql"):
        course_of(key, 5, 6)
    course = course_of("py", 6, 8)
    found = measure(Change(change_of(course), alert_about(course, 60)), MEASURED_AT)
    text = (Path(settings.BASE_DIR) / "docs" / "effects.md").read_text(encoding="utf-8")

    assert sentence(found) in " ".join(text.replace("\n> ", " ").split())
    assert found.before is not None
    assert found.before.value == pytest.approx(240 / 400)
