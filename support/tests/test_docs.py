"""docs/learners-to-help.md has the numbers and the reasons of the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from support import following, training
from support.prediction import rules
from support.reasons import NAMES

pytestmark = pytest.mark.once
TEXT = " ".join((Path(settings.BASE_DIR) / "docs/learners-to-help.md").read_text().split())


@pytest.mark.parametrize("name", NAMES.values())
def test_every_reason_has_a_row(name: str) -> None:
    assert f"| {name} |" in TEXT


@pytest.mark.parametrize(
    "phrase",
    [
        f"{rules.INACTIVE_DAYS} days without activity",
        f"overdue by {rules.BEHIND_DAYS} days",
        f"at least {rules.SLOW_MODULES} required modules",
        f"0 to {rules.MOST_POINTS} points",
        f"{training.FEWEST} enrollments are over",
        f"at least {training.FEWEST_OF_EACH} of which finished",
        f"at least {training.FEWEST_COHORTS} cohorts",
        f"{training.NEW_LEARNERS} of runs without an end",
        f"The latest {training.MOST:,} enrollments",
        f"the last {training.KEPT} models",
        f"off by at most {training.WORST_CALIBRATION} on average",
        f"differed by at most {following.SIMILAR}",
    ],
)
def test_the_numbers_are_those_of_the_code(phrase: str) -> None:
    assert phrase in TEXT
