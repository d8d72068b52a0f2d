"""Sums of people given by their own totals and weights."""

from __future__ import annotations

from collections.abc import Sequence

from kpis.statistics.intervals import Spread, Sums


def sums_of_people(people: Sequence[tuple[float, float]]) -> Sums:
    """Return the sums of people, each a pair of total and weight, with a row for each weight."""
    return Sums(
        n=max(len(people), round(sum(x for _, x in people))),
        total=sum(y for y, _ in people),
        weight=sum(x for _, x in people),
        learners=len(people),
        spread=Spread(
            units=len(people),
            yy=sum(y * y for y, _ in people),
            xx=sum(x * x for _, x in people),
            xy=sum(x * y for y, x in people),
        ),
    )
