"""Small groups: which figures a reader without the permission must not see."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from django.conf import settings

from kpis.stats import Sums

K = TypeVar("K", bound=Hashable)


def is_small(sums: Sums) -> bool:
    """0 < learners < KPI_MIN_GROUP."""
    return 0 < sums.learners < settings.KPI_MIN_GROUP


def hidden(
    cells: Mapping[K, Sums],
    lines: Iterable[Collection[K]] | None = None,
    *,
    already: Iterable[K] = (),
) -> set[K]:
    """The cells to hide: the small ones, those hidden already, and what would tell them.

    A line is a set of cells whose total may be seen; without `lines`, all cells are one. What is
    left of a total when the shown cells are subtracted must be more than one cell and not small.
    """
    veiled = {key for key, sums in cells.items() if is_small(sums)}
    veiled |= {key for key in already if key in cells and cells[key].learners}
    filled = [
        [key for key in line if key in cells and cells[key].learners]
        for line in ([list(cells)] if lines is None else lines)
    ]
    grows = True
    while grows:
        before = len(veiled)
        for line in filled:
            veiled |= _cover(cells, line, veiled)
        grows = len(veiled) > before
    return veiled


def _cover(cells: Mapping[K, Sums], line: Sequence[K], veiled: set[K]) -> set[K]:
    """The smallest cell that has to go with those hidden in a line; none where all is well."""
    gone = [key for key in line if key in veiled]
    is_safe = len(gone) > 1 and any(not is_small(cells[key]) for key in gone)
    if not gone or is_safe:
        return set()
    shown = [key for key in line if key not in veiled]
    return {min(shown, key=lambda key: cells[key].learners)} if shown else set()
