"""What a report consists of; each file format and the e-mail write it in their own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kpis.definitions.units import TEXT, Unit
from presentation.page_query import Card


@dataclass(frozen=True)
class Cell:
    """A text for people, and the number behind it for spreadsheets.

    `value` is in the unit of the code, with shares from 0 to 1; None without a number. `ends` are
    both ends of an interval. `is_good` is None if neither side is better.
    """

    text: str
    value: float | None = None
    unit: Unit = TEXT
    ends: tuple[float, float] | None = None
    is_good: bool | None = None


@dataclass(frozen=True)
class Column:
    """`unit` is that of all its numbers, TEXT if they differ or there are none.

    `group` is a heading above several columns.
    """

    label: str
    is_number: bool = False
    unit: Unit = TEXT
    is_interval: bool = False
    group: str = ""


@dataclass(frozen=True)
class Table:
    """`name` is short, for the sheet or file; rows of one cell are headings of the rows below."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Chart:
    """The data that the page's script draws, from `presentation.charts` or alike."""

    data: Mapping[str, Any]
    title: str = ""


@dataclass(frozen=True)
class Cards:
    cards: Sequence[Card]


@dataclass(frozen=True)
class Marked:
    """Sentences, each with a label that says whether it is good, bad or doubtful."""

    rows: Sequence[tuple[str, bool | None, str]]


@dataclass(frozen=True)
class Paragraphs:
    texts: Sequence[str]
    is_quotation: bool = False


Block = Table | Chart | Cards | Marked | Paragraphs


@dataclass(frozen=True)
class Section:
    """A part of a report with its heading, and notes below it."""

    title: str
    blocks: Sequence[Block]
    period: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """`name` is the beginning of its file names, `facts` are the filters and dates by name.

    `definitions` are the names of its KPIs with what they mean.
    """

    name: str
    title: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    sections: Sequence[Section]
    definitions: Sequence[tuple[str, str]]

    @property
    def cards(self) -> list[Card]:
        """The KPIs with their current values, as the e-mail lists them."""
        blocks = [block for one in self.sections for block in one.blocks]
        return [card for block in blocks if isinstance(block, Cards) for card in block.cards]

    @property
    def findings(self) -> list[tuple[str, bool | None, str]]:
        blocks = [block for one in self.sections for block in one.blocks]
        return [row for block in blocks if isinstance(block, Marked) for row in block.rows]
