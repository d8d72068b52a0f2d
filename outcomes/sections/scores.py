"""The distribution of the answers to “Would you recommend this course?”."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext

from core import localized
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import PERCENT
from kpis.query import suppressed_tables
from kpis.query.query_service import KpiQueryService
from outcomes.drill_downs.surveys import nps_group
from outcomes.facts.surveys import SATISFACTION
from outcomes.section_reports import scores_report
from presentation.categories import section
from presentation.page_query import PageResult

TONES = {"Detractors": "bad", "Passives": "warn", "Promoters": "good"}


@section("outcome", "outcomes/_scores.html", scores_report, order=10)
def scores(desk: KpiQueryService, asked: PageResult) -> dict[str, Any] | None:
    """Show the number of answers per score from 0 to 10; None when there are no answers."""
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
        "summary": gettext(
            "Bar chart: answers per score from 0 to 10. The NPS is %(nps)s. The table contains all "
            "values."
        )
        % {"nps": card.figure.value},
        "csv": asked.period_query(card, format="csv"),
    }


def chart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Build one column per score; a hidden score keeps its place on the axis without a column."""
    return {
        "unit": "",
        "caption": gettext("Answers per score. Colors show detractors, passives and promoters."),
        "labels": [
            [row["score"], gettext("hidden")] if row.get("is_hidden") else row["score"]
            for row in rows
        ],
        "bars": [
            {
                "name": gettext("Answers"),
                "values": [row.get("answers") for row in rows],
                "tones": [TONES[nps_group(int(row["score"]))] for row in rows],
                "texts": [_text(row) for row in rows],
            }
        ],
    }


def _text(row: Mapping[str, Any]) -> str:
    if row.get("is_hidden"):
        return gettext("%(group)s: hidden") % {"group": row["group"]}
    return ngettext(
        "%(group)s: %(count)s answer, %(share)s",
        "%(group)s: %(count)s answers, %(share)s",
        row["answers"],
    ) % {
        "group": row["group"],
        "count": localized.number(row["answers"]),
        "share": PERCENT.text(row["share"]),
    }
