"""The clicks as sums per student, presentation and day: columns, never row objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engagement.oulad import tables
from engagement.oulad.activity_types import Sites
from engagement.oulad.files import CLICKS, SITES
from engagement.oulad.presentations import FAR, Place
from engagement.oulad.source import Source

KEYS = ("code_module", "code_presentation", "id_student", "date")
SUMS = ("rows", "clicks", "productive", "content", "quiz", "unlisted")
TYPES = (pa.string(), pa.string(), pa.int32(), pa.int32(), *(pa.int64() for _ in SUMS))
# more in one row is no count of clicks; the publisher's largest is 6,977
MOST_CLICKS = 1_000_000


@dataclass(frozen=True)
class ClickSums:
    """`table` has KEYS and SUMS; `misfits` counts the rows whose day or number cannot be."""

    table: pa.Table
    misfits: int

    def of(self, place: Place) -> pa.Table:
        return self.table.filter(pc.equal(self._places, " ".join(place)))

    def rows_elsewhere(self, places: list[Place]) -> int:
        """How many rows belong to none of the presentations."""
        known = pc.is_in(self._places, pa.array([" ".join(place) for place in places]))
        return total(self.table.filter(pc.invert(known)), "rows")

    @property
    def _places(self) -> Any:
        codes = (self.table[name] for name in KEYS[:2])
        return pc.binary_join_element_wise(*codes, " ")


def total(table: pa.Table, column: str) -> int:
    return int(pc.sum(table[column]).as_py() or 0)


def read(source: Source) -> ClickSums:
    """Sum all clicks; exact duplicate rows add up."""
    rows = tables.rows(source, SITES)
    sites = Sites.of({row["id_site"]: row["activity_type"] for row in rows})
    # a file without rows has no batches
    parts, misfits = [_no_sums()], 0
    for batch in tables.batches(source, CLICKS):
        fitting = _fitting(batch)
        misfits += len(batch) - len(fitting)
        # most days of a student lie within one batch
        parts.append(_summed(fitting, sites))
    return ClickSums(_grouped(pa.concat_tables(parts)), misfits)


def _no_sums() -> pa.Table:
    return pa.schema(list(zip((*KEYS, *SUMS), TYPES, strict=True))).empty_table()


def _fitting(batch: pa.RecordBatch) -> pa.RecordBatch:
    clicks = batch["sum_click"]
    is_count = pc.and_(pc.greater_equal(clicks, 0), pc.less_equal(clicks, MOST_CLICKS))
    return batch.filter(pc.and_(is_count, pc.less_equal(pc.abs(batch["date"]), FAR)))


def _summed(batch: pa.RecordBatch, sites: Sites) -> pa.Table:
    clicks = batch["sum_click"].cast(pa.int64())
    site = pc.index_in(batch["id_site"], sites.ids)
    columns = [
        *(batch[name] for name in KEYS),
        pa.repeat(pa.scalar(1, pa.int64()), len(batch)),
        clicks,
        *(
            pc.multiply(clicks, pc.fill_null(pc.take(counts, site), 0))
            for counts in (sites.productive, sites.content, sites.quiz)
        ),
        pc.is_null(site).cast(pa.int64()),
    ]
    return _grouped(pa.table(columns, names=[*KEYS, *SUMS]))


def _grouped(table: pa.Table) -> pa.Table:
    sums = table.group_by(list(KEYS)).aggregate([(name, "sum") for name in SUMS])
    # each batch has a dictionary of its own
    codes = [sums[name].cast(pa.string()) for name in KEYS[:2]]
    others = [sums[name] for name in (*KEYS[2:], *(f"{name}_sum" for name in SUMS))]
    return pa.table([*codes, *others], names=[*KEYS, *SUMS])
