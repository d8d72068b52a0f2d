"""Decide which sums can be shown so that no protected sum can be derived from them.

A sum is represented by the set of the atoms that it adds up. It can be derived from others if it
is a linear combination of them. Gaussian elimination modulo a prime finds out; that is as exact
as fractions and faster. This module does not import Django.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

PRIME = (1 << 61) - 1

Row = dict[int, int]
Atom = TypeVar("Atom")
Sum = frozenset[Atom]


class LinearSpan:
    """The sums that can be derived from the ones added, which never include protected ones."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self.protected: list[Row] = []

    def protect(self, atoms: Iterable[int]) -> None:
        """Protect a sum, unless it can be derived already."""
        if row := self._rest(dict.fromkeys(atoms, 1)):
            self.protected.append(row)

    def add(self, atoms: Iterable[int]) -> bool:
        """Add a sum and return True; return False if a protected sum could then be derived."""
        row = self._rest(dict.fromkeys(atoms, 1))
        if not row:
            return True
        pivot = min(row)
        row = _minus({}, row, -pow(row[pivot], -1, PRIME))
        left = [_minus(one, row, one.get(pivot, 0)) for one in self.protected]
        if not all(left):
            return False
        self._rows[pivot], self.protected = row, left
        return True

    def _rest(self, row: Row) -> Row:
        """Return the part of a row that cannot be derived."""
        while pivot := next((at + 1 for at in sorted(row) if at in self._rows), 0):
            row = _minus(row, self._rows[pivot - 1], row[pivot - 1])
        return row


def _minus(row: Row, other: Row, times: int) -> Row:
    if not times:
        return row
    found = dict(row)
    for at, value in other.items():
        left = (found.get(at, 0) - times * value) % PRIME
        if left:
            found[at] = left
        else:
            found.pop(at, None)
    return found


def shown(
    candidates: Sequence[Sum[Atom]],
    *,
    known: Collection[Sum[Atom]] = (),
    protected: Collection[Sum[Atom]] = (),
) -> list[bool]:
    """Return for each candidate, in order, whether it can be shown beside the known sums."""
    places: dict[Atom, int] = {}
    for one in (*known, *protected, *candidates):
        for atom in one:
            places.setdefault(atom, len(places))
    span = LinearSpan()
    for one in known:
        span.add(places[atom] for atom in one)
    for one in protected:
        span.protect(places[atom] for atom in one)
    return [span.add(places[atom] for atom in one) for one in candidates]
