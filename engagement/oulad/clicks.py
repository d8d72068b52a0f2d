"""Clicks become daily activity and weeks of presence."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import date
from itertools import repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core import bulk_upsert
from engagement.models import DailyActivity, WeekPresence
from engagement.oulad import tables
from engagement.oulad.activity_types import MEANINGS
from engagement.oulad.click_sums import ClickSums, total
from engagement.oulad.dataset import Dataset
from engagement.oulad.files import SITES
from engagement.oulad.presentations import Place
from engagement.oulad.report import ImportReport
from intake.models import ImportRun

# where the day count of Arrow's dates begins
EPOCH = date(1970, 1, 1)


def take_sites(dataset: Dataset) -> ImportReport:
    """Count the pages; what is made of them is their clicks."""
    rows = tables.rows(dataset.source, SITES)
    report = ImportReport(read=len(rows), taken=len(rows))
    for row in rows:
        if row["activity_type"] not in MEANINGS:
            report.note(f"unknown activity type {row['activity_type']}, counts as a click only")
    return report


def take_misfits(dataset: Dataset, reading: Future[ClickSums]) -> ImportReport:
    """Refuse the rows that belong to no presentation or whose day or number cannot be."""
    sums, report = reading.result(), ImportReport()
    report.refuse("no such presentation", sums.rows_elsewhere(list(dataset.presentations)))
    report.refuse("day or number of clicks out of range", sums.misfits)
    report.read = report.refused.total()
    return report


def take(dataset: Dataset, place: Place, reading: Future[ClickSums]) -> ImportReport:
    """Write one presentation; it stays out whole where another import has brought its clicks."""
    part = reading.result().of(place)
    report = ImportReport(read=total(part, "rows"))
    if _is_in(dataset, place):
        report.refuse("another import brought this presentation's clicks", report.read)
        return report
    part = _beside_enrolments(dataset.enrolled(place), part)
    report.taken = total(part, "rows")
    report.refuse("not registered in this presentation", report.read - report.taken)
    report.note("page not listed, counts as a click only", total(part, "unlisted"))
    days = _days(part["date"], dataset.presentations[place].starts_on)
    _write_days(part, days, dataset.import_run.pk)
    _write_weeks(part, days)
    return report


def _is_in(dataset: Dataset, place: Place) -> bool:
    """True where another import has brought clicks of the presentation."""
    others = ImportRun.objects.filter(kind=dataset.import_run.kind).exclude(
        pk=dataset.import_run.pk
    )
    there = DailyActivity.objects.filter(enrollment__run=dataset.runs[place], import_run__in=others)
    # mostly there is no other import, and no need to look through millions of rows
    return others.exists() and there.exists()


def _beside_enrolments(enrolled: dict[int, int], part: pa.Table) -> pa.Table:
    """The rows of who is enrolled, in the order of the enrolments and days."""
    where = pc.index_in(part["id_student"], pa.array(enrolled, pa.int32()))
    ids = pc.take(pa.array(enrolled.values(), pa.int64()), where)
    part = part.append_column("enrollment", ids)
    part = part.filter(pc.is_valid(part["enrollment"]))
    return part.sort_by([("enrollment", "ascending"), ("date", "ascending")])


def _days(offsets: Any, starts_on: date) -> Any:
    """The calendar days, from days counted from the start."""
    start = pa.scalar((starts_on - EPOCH).days, pa.int32())
    return pc.add(offsets, start).cast(pa.date32())


def _write_days(part: pa.Table, days: Any, import_run: int) -> None:
    sums = ("clicks", "productive", "content", "quiz")
    columns = ("enrollment_id", "day", "interactions", "productive", "content", "quiz")
    bulk_upsert.bulk_insert(
        DailyActivity,
        (*columns, "module_id", "import_run_id"),
        zip(
            part["enrollment"].to_pylist(),
            days.cast(pa.string()).to_pylist(),
            *(part[name].to_pylist() for name in sums),
            # the publisher does not say to which assessment a page belongs
            repeat(None, len(part)),
            repeat(import_run, len(part)),
            strict=True,
        ),
    )


def _write_weeks(part: pa.Table, days: Any) -> None:
    keys = ["enrollment", "week"]
    mondays = pc.floor_temporal(days, unit="week")
    columns = [part["enrollment"], mondays, pc.greater(part["productive"], 0)]
    weeks = pa.table(columns, names=[*keys, "is_productive"])
    weeks = weeks.group_by(keys).aggregate([("is_productive", "max")])
    weeks = weeks.sort_by([(name, "ascending") for name in keys])
    bulk_upsert.upsert(
        WeekPresence,
        ("enrollment_id", "week", "is_productive"),
        zip(*(column.to_pylist() for column in weeks.columns), strict=True),
        conflict=WeekPresence.KEY,
        merge={"is_productive": "larger"},
    )
