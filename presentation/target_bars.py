"""Actual against target: one bar per KPI, the same figures as in the table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kpis.query.results import MetricValue
from presentation import trend_charts
from presentation.cards import Card


def chart(cards: Sequence[Card]) -> dict[str, Any]:
    """Bars of shares and points on one scale to 100."""
    answers = [card.answer for card in cards]
    figures = [card.figure for card in cards]
    return {
        "unit": "",
        "lies": True,
        "caption": _caption(answers),
        "labels": [card.indicator.name for card in cards],
        "bars": [
            {
                "name": "Actual",
                "values": [answer.shown for answer in answers],
                "texts": [trend_charts.text(answer) for answer in answers],
            }
        ],
        "targets": [None if one.target is None else float(one.target.value) for one in answers],
        "targetTexts": [f"Target: {figure.target}" for figure in figures],
    }


def _caption(answers: Sequence[MetricValue]) -> str:
    parts = (
        ("A bar is the value.", True),
        ("The mark is the target in force.", any(one.target for one in answers)),
        ("No bar: no data, or hidden.", not all(one.is_shown for one in answers)),
    )
    return " ".join(sentence for sentence, is_so in parts if is_so)


def summary(cards: Sequence[Card]) -> str:
    """The chart in a sentence, for who does not see it."""
    ends = [
        f"{card.indicator.name} {card.figure.value}"
        + (f" against {card.figure.target}" if card.figure.target else "")
        for card in cards
    ]
    return f"Bar chart: {'; '.join(ends)}. The table holds every value."
