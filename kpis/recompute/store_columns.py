"""Store changed figures that are columns: without an object each, but those that are restated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import Any

import numpy as np

from core import reporting_clock
from core.database import bulk_upsert
from core.database.column_values import prepare
from kpis.models import Measurement
from kpis.recompute import store_measurements
from kpis.recompute.compare_columns import NO_ROW, Changes
from kpis.recompute.figure_columns import PER_PAIR, SCOPES
from kpis.recompute.store_measurements import PLACE, TIMES, merge_of
from kpis.recompute.stored_rows import COMPOSITES, MEASUREMENTS, table_of
from kpis.signals import measurements_changed

TABLES = (MEASUREMENTS, COMPOSITES)


def store(changed: Sequence[Changes], now: datetime) -> None:
    """Store the changes of KPIs, in a transaction, and send `measurements_changed` for them.

    The old sums of closed periods are kept.
    """
    changed = [one for one in changed if len(one)]
    if not changed:
        return
    restated = store_measurements.keep_restated(
        (one for changes in changed for one in _maybe_restated(changes, now)), now
    )
    again = {row.pk for row in restated}
    for table in TABLES:
        of_table = [one for one in changed if table_of(one.indicator) is table]
        if of_table:
            bulk_upsert.bulk_upsert(
                table.model,
                (*PLACE, *table.model.SUMS, *TIMES),
                chain.from_iterable(_rows(one, again, now) for one in of_table),
                conflict=Measurement.KEY,
                merge=merge_of(table.model),
            )
    places = [(one.indicator, one.places) for one in changed]
    measurements_changed.send(Measurement, changed=places, now=now)


def _maybe_restated(changes: Changes, now: datetime) -> Iterable[Any]:
    """Return the changes of values of closed periods; a composite has no sums of its own."""
    if changes.indicator.parts:
        return ()
    lag = reporting_clock.close_lag()
    closed = [at for at, one in enumerate(changes.periods) if one.is_closed(now, lag)]
    is_closed = np.isin(changes.figures.period, closed)
    return changes.each(np.flatnonzero(changes.has_new_value & is_closed).tolist())


def _rows(changes: Changes, restated: set[int], now: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield rows of PLACE, the sums and TIMES as the database stores them."""
    indicator, figures, size = changes.indicator, changes.figures, len(changes)
    model = table_of(indicator).model
    kinds = [one.kind for one in changes.periods]
    moments = [(one.first, now) for one in changes.periods]
    # as the database stores them: most values are numbers
    days, times = zip(*prepare(model, ("period_start", "computed_at"), moments), strict=True)
    period = figures.period.tolist()
    again: Iterable[Any] = repeat(None, size)
    if restated and not indicator.parts:
        rows = (None if at == NO_ROW else changes.stored[at].pk for at in changes.row.tolist())
        again = (times[0] if pk in restated else None for pk in rows)
    return zip(
        repeat(indicator.key, size),
        [SCOPES[one] for one in figures.scope.tolist()],
        figures.scope_id.tolist(),
        [one or None for one in figures.course.tolist()],
        [kinds[one] for one in period],
        [days[one] for one in period],
        *_sums(changes),
        repeat(indicator.version, size),
        repeat(times[0], size),
        again,
        strict=True,
    )


def _sums(changes: Changes) -> Iterator[Iterable[Any]]:
    """Yield the columns of the sums, in the order of the model's SUMS."""
    figures = changes.figures
    n, learners = figures.n.tolist(), figures.learners.tolist()
    if changes.indicator.parts:
        yield from (n, learners, _crosses(changes))
        return
    total, weight, *spread = figures.numbers
    yield from (n, total.tolist(), weight.tolist(), learners)
    if not spread:
        yield from repeat([None] * len(n), 4)
        return
    counts = zip(n, spread[0].tolist(), strict=True)
    yield [int(units) if one else None for one, units in counts]
    for column in spread[1:]:
        values = column.tolist()
        yield [value if one else None for one, value in zip(n, values, strict=True)]


def _crosses(changes: Changes) -> list[str]:
    """Return JSON of the sums of each pair of components."""
    pairs = len(changes.figures.numbers) // PER_PAIR
    text = f"[{', '.join(['[%r, %r, %r, %r]'] * pairs)}]"
    rows = zip(*changes.figures.numbers.tolist(), strict=True)
    counts = changes.figures.n.tolist()
    return [text % row if n else "[]" for n, row in zip(counts, rows, strict=True)]
