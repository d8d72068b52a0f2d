from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation

from core import localized

DAY = date(2026, 9, 2)
HARD_SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("written", "english", "german"),
    [
        (lambda: localized.number(Decimal("1234.5"), 1), "1,234.5", "1.234,5"),
        (lambda: localized.number(1234), "1,234", "1.234"),
        (lambda: localized.number(Decimal("82.50"), 4, trimmed=True), "82.5", "82,5"),
        (lambda: localized.percent(Decimal("89.7")), "89.7%", f"89,7{HARD_SPACE}%"),
        (lambda: localized.amount(Decimal("12.5"), "USD"), "$12.50", f"12,50{HARD_SPACE}$"),
        (
            lambda: localized.amount(Decimal(48750), "EUR", is_whole=True),
            "€48,750",
            f"48.750{HARD_SPACE}€",
        ),
        (lambda: localized.number(0.85513214, 4), "0.8551", "0,8551"),
        (lambda: localized.day(DAY), "2 Sep 2026", "2. Sept. 2026"),
        (lambda: localized.long_day(DAY), "2 September 2026", "2. September 2026"),
        (lambda: localized.day_of_year(DAY), "2 Sep", "2. Sept."),
        (lambda: localized.month(DAY), "September 2026", "September 2026"),
        (lambda: localized.short_month(DAY), "Sep 2026", "Sept. 2026"),
        (lambda: localized.quarter(DAY), "Q3 2026", "Q3 2026"),
        (
            lambda: localized.moment(datetime(2026, 9, 2, 13, 5, tzinfo=UTC)),
            "2 Sep 2026, 13:05",
            "2. Sept. 2026, 13:05",
        ),
    ],
)
def test_each_language_has_its_own_format(
    written: Callable[[], str], english: str, german: str
) -> None:
    with translation.override("en"):
        assert written() == english
    with translation.override("de"):
        assert written() == german


def test_without_translations_the_site_s_language_is_used() -> None:
    with translation.override(None):
        assert localized.number(1234) == "1,234"


def test_templates_format_dates_in_the_reader_s_language() -> None:
    page = Template(
        "{% load localized %}{{ day|long_day }}, {{ at|short_moment }}{{ no|long_day }}"
    )
    at = datetime(2026, 9, 2, 13, 5, tzinfo=UTC)

    with translation.override("de"):
        shown = page.render(Context({"day": DAY, "at": at, "none": None}))

    assert shown == "2. September 2026, 2. Sept., 13:05"
