"""How the answers to “would you recommend this course” are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import localized
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import PERCENT
from kpis.query import suppressed_tables
from kpis.query.query_service import KpiQueryService
from outcomes.facts.surveys import SATISFACTION
from presentation.categories import section
from presentation.page_query import PageResult

TONES = {"Detractors": "bad", "Passives": "warn", "Promoters": "good"}


@section("outcome", "outcomes/_scores.html", order=10)
def scores(desk: KpiQueryService, asked: PageResult) -> dict[str, Any] | None:
    """The distribution of the scores from 0 to 10; None where nobody answered."""
    card = next(card for card in asked.cards if card.indicator.key == SATISFACTION)
    if not card.metric_value.is_shown and not card.figure.is_hidden:
        return None
    indicator = REGISTRY[SATISFACTION]
    drill = indicator.drill_downs["distribution"]
    period, table = suppressed_tables.suppressed_table(drill, indicator, card.result.query, desk)
    is_hidden = [bool(row.get("is_hidden")) for row in table.rows]
    return {
        "period": period_name(period),
        "figure": card.figure,
        "hides_any": any(is_hidden),
        "hides_all": all(is_hidden),
        "rows": [row | {"share_text": PERCENT.text(row.get("share"))} for row in table.rows],
        "chart": chart(table.rows),
        "summary": f"Bar chart: answers per score from 0 to 10, NPS {card.figure.value}. "
        "The table holds every value.",
        "csv": asked.period_query(card, format="csv"),
    }


def chart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A column for each score; a hidden one has its place on the axis, but no bar."""
    return {
        "unit": "",
        "caption": "Answers per score: detractors, passives and promoters by color.",
        "labels": [
            [row["score"], "hidden"] if row.get("is_hidden") else row["score"] for row in rows
        ],
        "bars": [
            {
                "name": "Answers",
                "values": [row.get("answers") for row in rows],
                "tones": [TONES[row["group"]] for row in rows],
                "texts": [_text(row) for row in rows],
            }
        ],
    }


def _text(row: Mapping[str, Any]) -> str:
    if row.get("is_hidden"):
        return f"{row['group']}: hidden"
    return (
        f"{row['group']}: {localized.number(row['answers'])} answers, {PERCENT.text(row['share'])}"
    )
