"""What learners wrote: the themes of their comments, and what staff chose to show."""

from __future__ import annotations

from typing import Any

from babel import Locale, UnknownLocaleError
from django.urls import reverse

from core import localized
from kpis.definitions.period_names import period_name
from kpis.definitions.units import PERCENT, rounded
from kpis.query.query_service import KpiQueryService
from outcomes.drill_downs.feedback import UNKNOWN
from outcomes.facts.surveys import SATISFACTION
from outcomes.feedback import summary as telling
from outcomes.feedback.summary import Feedback, Row
from presentation.categories import section
from presentation.page_query import PageResult


@section("outcome", "outcomes/_themes.html", order=20)
def themes(desk: KpiQueryService, asked: PageResult) -> dict[str, Any] | None:
    """The themes of the comments; None where nobody wrote any."""
    told = telling.summarize(desk, asked.kpi_query)
    if not told.themes and not told.languages:
        return None
    rows = [_texts(row, asked.filters.query_string()) for row in told.themes]
    return {
        "period": period_name(told.period),
        "summary": summary(told),
        "rows": rows,
        "quoted": [row for row in rows if row["quotations"]],
        "hides_any": told.hides_any,
        "csv": reverse("outcomes:api-feedback") + _query(asked),
    }


@section("outcome", "outcomes/_testimonials.html", order=30)
def testimonials(desk: KpiQueryService, asked: PageResult) -> dict[str, Any] | None:
    """What staff approved of the comments whose learners agreed; None where there is nothing."""
    found = telling.testimonials(asked.kpi_query)
    return {"rows": [row | _place(row) for row in found]} if found else None


def _place(row: Row) -> dict[str, str]:
    return {"when": localized.month(row["answered_at"])}


def _query(asked: PageResult) -> str:
    card = next(card for card in asked.cards if card.indicator.key == SATISFACTION)
    return asked.period_query(card, format="csv")


def _texts(row: Row, query: str) -> dict[str, Any]:
    """A theme as the page shows it, with the page of its KPI under the same filters."""
    trend, feeling = row["trend"], row.get("sentiment")
    return row | {
        "share_text": PERCENT.text(row.get("share")),
        "sentiment_text": "–" if feeling is None else signed(feeling * 100, places=0),
        "trend_text": "–" if trend is None else f"{signed(trend * 100, places=1)} points",
        "kpi_url": f"{reverse('dashboard:kpi', args=[row['kpi_key']])}{query}"
        if row["kpi_key"]
        else "",
    }


def signed(number: float, *, places: int) -> str:
    """With its sign, which what rounds to nothing has not."""
    shown = rounded(number, places)
    return f"{shown:+f}".replace("-", "−") if shown else f"{shown}"


def summary(told: Feedback) -> str:
    """How many comments there are, and in which languages, as far as that may be seen."""
    counts = {row["language"]: row.get("comments") for row in told.languages}
    english = _number(counts.pop("en", 0))
    others = ", ".join(
        f"{_number(count).removesuffix(' of')} in {_language(code)}"
        for code, count in counts.items()
    )
    first = f"{english[0].upper()}{english[1:]} comments in English"
    return f"{first}{f'; not read: {others}' if others else ''}."


def _number(count: int | None) -> str:
    """None stands for a number that is hidden."""
    return "a hidden number of" if count is None else localized.number(count)


def _language(code: str) -> str:
    """Its name in English; the code itself where nobody knows it."""
    try:
        return Locale.parse(code).english_name or code
    except (UnknownLocaleError, ValueError):
        return "a language that could not be told" if code == UNKNOWN else code
