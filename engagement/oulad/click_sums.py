"""Sum the clicks by student, presentation and day, column by column to save time and memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from engagement.oulad.activity_types import Pages
from engagement.oulad.presentations import MOST_DAYS, Codes
from engagement.oulad.source import CLICKS, PAGES, Source

CODES = ("code_module", "code_presentation")
KEYS = ("id_student", "date")
SUMS = ("rows", "clicks", "productive", "content", "quiz", "unlisted")
SCHEMA = pa.schema({name: pa.int32() for name in KEYS} | {name: pa.int64() for name in SUMS})
# larger numbers are errors; the publisher's largest is 6,977
MOST_CLICKS = 1_000_000


@dataclass(frozen=True)
class ClickSums:
    """The sums by presentation, and the number of rows with an invalid day or number.

    `parts` have the columns KEYS and SUMS. A student's day may be in several of them: they are
    added up when their presentation is imported, so that only one is in memory twice.
    """

    parts: dict[Codes, list[pa.Table]]
    invalid: int

    def take(self, codes: Codes) -> pa.Table:
        """Return the sums of a presentation, and free their memory."""
        # an empty table, because a presentation may have no clicks
        return _grouped(pa.concat_tables([SCHEMA.empty_table(), *self.parts.pop(codes, [])]))

    def rows_elsewhere(self, presentations: list[Codes]) -> int:
        """Count the rows that belong to none of these presentations."""
        others = self.parts.keys() - set(presentations)
        return sum(total(part, "rows") for codes in others for part in self.parts[codes])


def total(table: pa.Table, column: str) -> int:
    return int(pc.sum(table[column]).as_py() or 0)


def read(source: Source) -> ClickSums:
    """Sum all clicks; exact duplicates of a row are added too."""
    rows = source.rows(PAGES)
    pages = Pages.of({row["id_site"]: row["activity_type"] for row in rows})
    parts: dict[Codes, list[pa.Table]] = defaultdict(list)
    invalid = 0
    for batch in source.batches(CLICKS):
        valid = _valid(batch)
        invalid += len(batch) - len(valid)
        # most days of a student lie within one batch
        for codes, some in _by_presentation(valid):
            parts[codes].append(_summed(some, pages))
    pa.default_memory_pool().release_unused()
    return ClickSums(parts, invalid)


def _valid(batch: pa.RecordBatch) -> pa.RecordBatch:
    clicks = batch["sum_click"]
    is_count = pc.and_(pc.greater_equal(clicks, 0), pc.less_equal(clicks, MOST_CLICKS))
    return batch.filter(pc.and_(is_count, pc.less_equal(pc.abs(batch["date"]), MOST_DAYS)))


def _by_presentation(batch: pa.RecordBatch) -> list[tuple[Codes, pa.RecordBatch]]:
    """Split a batch, which has rows of few presentations, into theirs."""
    codes = pc.binary_join_element_wise(*(batch[name].cast(pa.string()) for name in CODES), " ")
    found = codes.unique().to_pylist()
    if len(found) == 1:
        return [(_codes(found[0]), batch)]
    return [(_codes(one), batch.filter(pc.equal(codes, one))) for one in found]


def _codes(joined: str) -> Codes:
    module, presentation = joined.split(" ", 1)
    return module, presentation


def _summed(batch: pa.RecordBatch, pages: Pages) -> pa.Table:
    clicks = batch["sum_click"].cast(pa.int64())
    page = pc.index_in(batch["id_site"], pages.ids)
    columns = [
        *(batch[name] for name in KEYS),
        pa.repeat(pa.scalar(1, pa.int64()), len(batch)),
        clicks,
        *(
            pc.multiply(clicks, pc.fill_null(pc.take(counts, page), 0))
            for counts in (pages.productive, pages.content, pages.quiz)
        ),
        pc.is_null(page).cast(pa.int64()),
    ]
    return _grouped(pa.table(columns, schema=SCHEMA))


def _grouped(table: pa.Table) -> pa.Table:
    sums = table.group_by(list(KEYS)).aggregate([(name, "sum") for name in SUMS])
    return sums.rename_columns([*KEYS, *SUMS]).cast(SCHEMA)
