"""Published answers, to as many digits as they were published with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from experiments.tests.statistics.known_answers import KNOWN, Known

pytestmark = pytest.mark.once

DOCS = Path(__file__).parents[3] / "docs" / "experiment-statistics.md"


@pytest.mark.parametrize("known", KNOWN, ids=lambda one: f"{one.source}: {one.example}")
def test_a_published_answer_is_found(known: Known) -> None:
    for published, found in zip(known.answer, known.computed(), strict=True):
        last_digit = Decimal(1).scaleb(int(Decimal(published).as_tuple().exponent))
        assert found == pytest.approx(float(published), abs=0.501 * float(last_digit))


@pytest.mark.parametrize("known", KNOWN, ids=lambda one: f"{one.source}: {one.example}")
def test_the_table_of_the_documentation_shows_it(known: Known) -> None:
    row = f"| {known.source} | {known.example} | {', '.join(known.answer)} |"

    assert row.replace("|", "").split() in [
        line.replace("|", "").split() for line in DOCS.read_text(encoding="utf-8").splitlines()
    ]
