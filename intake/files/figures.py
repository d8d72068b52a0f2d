"""Figures before and after an import: measured by the apps that compute them.

An app that knows figures declares how to measure them, in a slot that works empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from accounts.reader import Reader

# (reader, first day, last day) to the figures of these days as text by name; None: not for them
Measure = Callable[[Reader, date, date], Mapping[str, str] | None]
MEASURES: list[Measure] = []


def measures(function: Measure) -> Measure:
    """Declare how an app measures its figures."""
    MEASURES.append(function)
    return function


@dataclass(frozen=True)
class Figure:
    """A figure without and with the rows of a file."""

    name: str
    before: str
    after: str


def measured(by: Reader, first: date, last: date) -> dict[str, str] | None:
    """Return the figures of these days; None if the reader may not see them."""
    found = [one for measure in MEASURES if (one := measure(by, first, last)) is not None]
    return {name: value for one in found for name, value in one.items()} if found else None
