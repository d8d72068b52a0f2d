"""Which sums can be shown so that no protected sum follows from them. No Django here.

A sum is the set of the atoms that it adds up. Sums follow from others when they are a linear
combination of them, which elimination finds; it reckons modulo a prime, as exactly and faster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

PRIME = (1 << 61) - 1

Row = dict[int, int]
Atom = TypeVar("Atom")
Sum = frozenset[Atom]


class LinearSpan:
    """All that follows from the sums taken in; `protected` stays outside."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self.protected: list[Row] = []

    def protect(self, atoms: Iterable[int]) -> None:
        """Keep a sum outside, unless it follows already."""
        if row := self._rest(dict.fromkeys(atoms, 1)):
            self.protected.append(row)

    def take(self, atoms: Iterable[int]) -> bool:
        """Take a sum in; False, and nothing is taken, where a protected one would follow."""
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
        """What of a row does not follow."""
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
    """For each candidate, first come first, whether it can be shown beside what is known."""
    places: dict[Atom, int] = {}
    for one in (*known, *protected, *candidates):
        for atom in one:
            places.setdefault(atom, len(places))
    span = LinearSpan()
    for one in known:
        span.take(places[atom] for atom in one)
    for one in protected:
        span.protect(places[atom] for atom in one)
    return [span.take(places[atom] for atom in one) for one in candidates]
