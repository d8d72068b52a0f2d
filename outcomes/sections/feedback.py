"""The sections about comments: their themes, and the testimonials that staff approved."""

from __future__ import annotations

from typing import Any

from babel import Locale, UnknownLocaleError
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from core import localized
from kpis.definitions.period_names import period_name
from kpis.definitions.units import PERCENT, rounded
from kpis.query.query_service import KpiQueryService
from outcomes.drill_downs.feedback import UNKNOWN
from outcomes.facts.surveys import SATISFACTION
from outcomes.feedback.summary import Feedback, Row, latest_testimonials, summarize
from outcomes.section_reports import testimonials_report, themes_report
from presentation.categories import section
from presentation.page_query import PageResult


@section("outcome", "outcomes/_themes.html", themes_report, order=20)
def themes(service: KpiQueryService, page: PageResult) -> dict[str, Any] | None:
    """Show the themes of the comments; None when there are no comments."""
    feedback = summarize(service, page.kpi_query)
    if not feedback.themes and not feedback.languages:
        return None
    card = next(card for card in page.cards if card.indicator.key == SATISFACTION)
    rows = [_texts(row, page.filters.query_string()) for row in feedback.themes]
    return {
        "period": period_name(feedback.period),
        "summary": comment_counts(feedback),
        "rows": rows,
        "quoted": [row for row in rows if row["quotations"]],
        "hides_any": feedback.hides_any,
        "csv": reverse("outcomes:api-feedback") + page.period_query(card, format="csv"),
    }


@section("outcome", "outcomes/_testimonials.html", testimonials_report, order=30)
def testimonials(service: KpiQueryService, page: PageResult) -> dict[str, Any] | None:
    """Show the approved comments of learners who agreed to be quoted; None when there are none."""
    rows = latest_testimonials(page.kpi_query)
    dated = [row | {"when": localized.month(row["answered_at"])} for row in rows]
    return {"rows": dated} if rows else None


def _texts(row: Row, query: str) -> dict[str, Any]:
    """Add a theme's values as text, and the link to its KPI's page under the same filters."""
    trend, sentiment = row["trend"], row.get("sentiment")
    page = reverse("dashboard:kpi", args=[row["kpi_key"]]) if row["kpi_key"] else ""
    return row | {
        "share_text": PERCENT.text(row.get("share")),
        "sentiment_text": "–" if sentiment is None else signed(sentiment * 100, places=0),
        "trend_text": "–"
        if trend is None
        else gettext("%(number)s points") % {"number": signed(trend * 100, places=1)},
        "kpi_url": f"{page}{query}" if page else "",
    }


def signed(number: float, *, places: int) -> str:
    """Write a number with its sign; one that rounds to zero has none."""
    value = rounded(number, places)
    text = localized.number(abs(value), places)
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{text}"


def comment_counts(feedback: Feedback) -> str:
    """Summarize how many comments there are in English and in other languages."""
    counts = {row["language"]: row.get("comments") for row in feedback.languages}
    english = counts.pop("en", 0)
    if english is None:
        sentence = gettext("The number of comments in English is hidden.")
    else:
        sentence = ngettext(
            "%(count)s comment in English.", "%(count)s comments in English.", english
        ) % {"count": localized.number(english)}
    if not counts:
        return sentence
    others = ", ".join(_language_count(code, count) for code, count in counts.items())
    not_analyzed = gettext("Not analyzed: %(languages)s.") % {"languages": others}
    return f"{sentence} {not_analyzed}"


def _language_count(code: str, count: int | None) -> str:
    number = gettext("hidden") if count is None else localized.number(count)
    return f"{_language_name(code)} ({number})"


def _language_name(code: str) -> str:
    """The language's name in the reader's language; the code itself when Babel has no name."""
    if code == UNKNOWN:
        return gettext("unknown language")
    try:
        return Locale.parse(code).get_display_name(localized.locale()) or code
    except (UnknownLocaleError, ValueError):
        return code
