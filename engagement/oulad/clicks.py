"""Import clicks as daily activity and weekly presence."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import date
from itertools import repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.database import bulk_upsert
from engagement.models import DailyActivity, WeekPresence
from engagement.oulad.activity_types import CLICK_TYPES
from engagement.oulad.click_sums import ClickSums, total
from engagement.oulad.dataset import Dataset
from engagement.oulad.presentations import Codes
from engagement.oulad.report import ImportReport
from engagement.oulad.source import PAGES
from intake.models import ImportRun

# Arrow counts days from here
EPOCH = date(1970, 1, 1)


def import_pages(dataset: Dataset) -> ImportReport:
    """Count the pages; only their clicks are imported."""
    rows = dataset.source.rows(PAGES)
    report = ImportReport(read=len(rows), imported=len(rows))
    for row in rows:
        if row["activity_type"] not in CLICK_TYPES:
            report.note(f"unknown activity type {row['activity_type']}, counts as a click only")
    return report


def reject_invalid(dataset: Dataset, reading: Future[ClickSums]) -> ImportReport:
    """Reject the clicks without a known presentation or with an invalid day or number."""
    sums, report = reading.result(), ImportReport()
    report.reject("unknown presentation", sums.rows_elsewhere(list(dataset.presentations)))
    report.reject("day or number of clicks out of range", sums.invalid)
    report.read = report.rejected.total()
    return report


def import_clicks(dataset: Dataset, codes: Codes, reading: Future[ClickSums]) -> ImportReport:
    """Import a presentation's clicks, unless another import has imported them."""
    part = reading.result().take(codes)
    report = ImportReport(read=total(part, "rows"))
    if _is_imported(dataset, codes):
        report.reject("another import already has this presentation's clicks", report.read)
        return report
    part = _with_enrollments(part, dataset.enrollments(codes))
    report.imported = total(part, "rows")
    report.reject("not registered in this presentation", report.read - report.imported)
    report.note("page not listed, counts as a click only", total(part, "unlisted"))
    days = _days(part["date"], dataset.presentations[codes].starts_on)
    _write_days(part, days, dataset.import_run.pk)
    _write_weeks(part, days)
    return report


def _is_imported(dataset: Dataset, codes: Codes) -> bool:
    """True when another import has clicks of the presentation."""
    others = ImportRun.objects.filter(kind=dataset.import_run.kind).exclude(
        pk=dataset.import_run.pk
    )
    existing = DailyActivity.objects.filter(
        enrollment__run=dataset.runs[codes], import_run__in=others
    )
    # checks for another import first, to avoid searching millions of rows
    return others.exists() and existing.exists()


def _with_enrollments(part: pa.Table, enrollments: dict[int, int]) -> pa.Table:
    """Add the enrollment ids, drop other rows, and sort by enrollment and day."""
    where = pc.index_in(part["id_student"], pa.array(enrollments, pa.int32()))
    ids = pc.take(pa.array(enrollments.values(), pa.int64()), where)
    part = part.append_column("enrollment", ids)
    part = part.filter(pc.is_valid(part["enrollment"]))
    return part.sort_by([("enrollment", "ascending"), ("date", "ascending")])


def _days(offsets: Any, starts_on: date) -> Any:
    """Convert days counted from the start to calendar days."""
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
            # the dataset does not link pages to assessments
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
