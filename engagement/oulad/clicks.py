"""Clicks become daily activity and weeks of presence: columns, never row objects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from itertools import repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from curriculum import bulk
from engagement.models import DailyActivity, WeekPresence
from engagement.oulad import tables
from engagement.oulad.activity_types import MEANINGS, Sites
from engagement.oulad.dataset import Dataset
from engagement.oulad.files import CLICKS, SITES
from engagement.oulad.presentations import FAR, Place
from engagement.oulad.report import Report

KEYS = ("code_module", "code_presentation", "id_student", "date")
SUMS = ("rows", "clicks", "productive", "content", "quiz", "strange")
# more in one row is no count of clicks; the publisher's largest is 6,977
MOST_CLICKS = 1_000_000
# where the day count of Arrow's dates begins
EPOCH = date(1970, 1, 1)


def take_sites(dataset: Dataset) -> Report:
    """Count the pages; what is made of them is their clicks."""
    rows = tables.rows(dataset.source, SITES)
    report = Report(read=len(rows), taken=len(rows))
    for row in rows:
        if row["activity_type"] not in MEANINGS:
            report.note(f"unknown activity type {row['activity_type']}, clicks count as such only")
    return report


class Clicks:
    """The sums per student, presentation and day, read once and written by presentation."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.misfits = Report()

    def take_misfits(self) -> Report:
        """Refuse the rows that belong to no presentation or that no day and number fit."""
        known = pc.is_in(_names(self.table), pa.array([" ".join(p) for p in self._places]))
        strangers = pc.sum(pc.filter(self.table["rows"], pc.invert(known))).as_py() or 0
        report = Report(read=strangers)
        report.refuse("no such presentation", strangers)
        report.add(self.misfits)
        return report

    def take(self, place: Place) -> Report:
        """Write one presentation; it stays out whole where another import has brought clicks."""
        part = self.table.filter(pc.equal(_names(self.table), " ".join(place)))
        report = Report(read=_total(part, "rows"))
        if self._is_taken(place):
            report.refuse("another import brought this presentation's clicks", report.read)
            return report
        part = self._enrolled(place, part, report)
        report.taken = _total(part, "rows")
        report.note("page not listed, clicks count as such only", _total(part, "strange"))
        self._write_days(place, part)
        self._write_weeks(place, part)
        return report

    @cached_property
    def table(self) -> pa.Table:
        """One row per student, presentation and day; exact duplicates have added up."""
        source = self.dataset.source
        rows = tables.rows(source, SITES)
        sites = Sites.of({row["id_site"]: row["activity_type"] for row in rows})
        with tqdm(
            total=source.size(CLICKS), desc="reading clicks", unit="B", unit_scale=True,
            disable=None, leave=False,
        ) as bar:  # fmt: skip
            parts = [
                _summed(self._fitting(batch), sites)
                for batch in tables.batches(source, CLICKS, bar.update)
            ]
        return _grouped(pa.concat_tables(parts))

    @property
    def _places(self) -> Sequence[Place]:
        return list(self.dataset.presentations)

    def _fitting(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        fits = pc.and_(
            pc.less_equal(pc.abs(batch["date"]), FAR),
            pc.and_(
                pc.greater_equal(batch["sum_click"], 0),
                pc.less_equal(batch["sum_click"], MOST_CLICKS),
            ),
        )
        fitting = batch.filter(fits)
        misfits = batch.num_rows - fitting.num_rows
        self.misfits.read += misfits
        self.misfits.refuse("day or number of clicks out of range", misfits)
        return fitting

    def _is_taken(self, place: Place) -> bool:
        others = DailyActivity.objects.filter(enrollment__run=self.dataset.runs[place])
        kind = self.dataset.import_run.kind
        return others.filter(import_run__kind=kind).exists()

    def _enrolled(self, place: Place, part: pa.Table, report: Report) -> pa.Table:
        """Put the enrolment beside each row, in its order; refuse rows of who has none."""
        enrolled = self.dataset.enrolled(place)
        ids = pa.array(enrolled.values(), pa.int64())
        where = pc.index_in(part["id_student"], pa.array(enrolled, pa.int32()))
        part = part.append_column("enrollment", pc.take(ids, where))
        there = part.filter(pc.is_valid(part["enrollment"]))
        strangers = report.read - _total(there, "rows")
        report.refuse("not registered in this presentation", strangers)
        return there.sort_by([("enrollment", "ascending"), ("date", "ascending")])

    def _write_days(self, place: Place, part: pa.Table) -> None:
        sums = ("clicks", "productive", "content", "quiz")
        bulk.load(
            DailyActivity,
            (
                *("enrollment_id", "day", "interactions", "productive", "content", "quiz"),
                *("module_id", "import_run_id"),
            ),
            zip(
                part["enrollment"].to_pylist(),
                self._days(place, part).cast(pa.string()).to_pylist(),
                *(part[name].to_pylist() for name in sums),
                repeat(None, len(part)),
                repeat(self.dataset.import_run.pk, len(part)),
                strict=True,
            ),
        )

    def _write_weeks(self, place: Place, part: pa.Table) -> None:
        mondays = pc.floor_temporal(self._days(place, part), unit="week")
        productive = pc.greater(part["productive"], 0)
        names = ["enrollment", "week", "is_productive"]
        weeks = pa.table([part["enrollment"], mondays, productive], names=names)
        weeks = weeks.group_by(names[:2]).aggregate([("is_productive", "max")])
        weeks = weeks.sort_by([(name, "ascending") for name in names[:2]])
        bulk.upsert(
            WeekPresence,
            ("enrollment_id", "week", "is_productive"),
            zip(*(column.to_pylist() for column in weeks.columns), strict=True),
            conflict=WeekPresence.KEY,
            merge={"is_productive": "larger"},
        )

    def _days(self, place: Place, part: pa.Table) -> Any:
        """The calendar days of the rows."""
        start = (self.dataset.presentations[place].starts_on - EPOCH).days
        return pc.add(part["date"], pa.scalar(start, pa.int32())).cast(pa.date32())


def _summed(batch: pa.RecordBatch, sites: Sites) -> pa.Table:
    """Sum one batch; most days of a student lie within one."""
    clicks = batch["sum_click"].cast(pa.int64())
    site = pc.index_in(batch["id_site"], sites.ids)
    table = pa.table({name: batch[name] for name in KEYS})
    columns = {"rows": pa.repeat(pa.scalar(1, pa.int64()), len(batch)), "clicks": clicks}
    for name in ("productive", "content", "quiz"):
        share = pc.fill_null(pc.take(getattr(sites, name), site), 0)
        columns[name] = pc.multiply(clicks, share)
    columns["strange"] = pc.is_null(site).cast(pa.int64())
    for name in SUMS:
        table = table.append_column(name, columns[name])
    return _grouped(table)


def _grouped(table: pa.Table) -> pa.Table:
    sums = table.group_by(list(KEYS)).aggregate([(name, "sum") for name in SUMS])
    sums = sums.select([*KEYS, *(f"{name}_sum" for name in SUMS)])
    # each batch has a dictionary of its own
    codes = [sums[name].cast(pa.string()) for name in KEYS[:2]]
    return pa.table([*codes, *sums.columns[2:]], names=[*KEYS, *SUMS])


def _names(table: pa.Table) -> Any:
    return pc.binary_join_element_wise(table["code_module"], table["code_presentation"], " ")


def _total(table: pa.Table, column: str) -> int:
    return int(pc.sum(table[column]).as_py() or 0)
