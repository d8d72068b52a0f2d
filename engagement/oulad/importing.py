"""Import the dataset in steps; each step is committed together with its report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pyarrow as pa
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Max
from django.utils import timezone
from tqdm import tqdm

from core import reporting_clock
from core.changes import gathered
from core.database import query_planner
from core.database.durability import without_waiting_for_disk
from core.database.locks import try_lock
from core.garbage import without_collections
from engagement.models import DailyActivity
from engagement.oulad import (
    assessments,
    click_sums,
    clicks,
    presentations,
    registrations,
    submissions,
)
from engagement.oulad.click_sums import ClickSums
from engagement.oulad.dataset import Dataset
from engagement.oulad.presentations import Codes
from engagement.oulad.report import ImportReport
from engagement.oulad.source import (
    ASSESSMENTS,
    CLICKS,
    COLUMNS,
    COURSES,
    PAGES,
    REGISTRATIONS,
    RESULTS,
    SUBMISSIONS,
    Source,
    SourceError,
)
from intake.models import ImportRun
from kpis.definitions.periods import midnight
from kpis.recompute import stale_days

KIND = "oulad"
Step = Callable[[], ImportReport]


class AlreadyImportedError(Exception):
    """These files were imported before; the message gives the date."""


class BusyError(Exception):
    """Another import is running."""


def import_dataset(path: Path) -> ImportRun:
    """Import the files, or resume an import of the same files where it stopped.

    SourceError when the files cannot be imported, AlreadyImportedError when they were imported
    completely, BusyError while another import is running.
    """
    with only_import():
        source = Source(path)
        import_run = _begin(source)
        try:
            _run_steps(Dataset(source, import_run))
        except Exception as error:
            # without a database, the import stays marked as running and can be resumed
            with suppress(DatabaseError, InterfaceError):
                _fail(import_run, error)
            raise
        return import_run


@contextmanager
def only_import() -> Iterator[None]:
    """Prevent other imports into this database; BusyError when one is running."""
    with try_lock("import") as is_held:
        if not is_held:
            raise BusyError("Another import is running. Wait until it has finished.")
        yield


def _begin(source: Source) -> ImportRun:
    import_run, _ = ImportRun.objects.get_or_create(
        kind=KIND, digest=_digest(source), defaults={"source": source.path.name[:255]}
    )
    if import_run.status == ImportRun.Status.DONE:
        raise AlreadyImportedError(
            f"{source.path.name} was already imported on {import_run.finished_at:%Y-%m-%d} "
            f"(import {import_run.pk}). Nothing was changed."
        )
    import_run.status, import_run.error, import_run.finished_at = ImportRun.Status.RUNNING, "", None
    import_run.save()
    return import_run


def _digest(source: Source) -> str:
    total = sum(source.size(name) for name in COLUMNS)
    with tqdm(
        total=total, desc="reading the files", unit="B", unit_scale=True,
        disable=None, leave=False,
    ) as bar:  # fmt: skip
        return source.digest(bar.update)


def _run_steps(dataset: Dataset) -> None:
    # read the largest file while the others are written, to use two cores
    with ThreadPoolExecutor(max_workers=1) as background:
        reading = background.submit(click_sums.read, dataset.source)
        bar = tqdm(_steps(dataset, reading).items(), disable=None, unit="step")
        # after a power cut, lost steps are imported again
        with bar, without_waiting_for_disk(), without_collections():
            for name, step in bar:
                bar.set_description(name)
                if name not in dataset.import_run.report:
                    _run_step(dataset.import_run, name, step)
    pa.default_memory_pool().release_unused()
    _finish(dataset)


def _run_step(import_run: ImportRun, name: str, step: Step) -> None:
    began = time.monotonic()
    with transaction.atomic():
        report = step()
        report.seconds = time.monotonic() - began
        reports = {**import_run.report, name: report.as_json()}
        ImportRun.objects.filter(pk=import_run.pk).update(report=reports)
    import_run.report = reports


def _steps(dataset: Dataset, reading: Future[ClickSums]) -> dict[str, Step]:
    """All steps by name, in order; they are short, because each blocks other writers."""
    return {
        COURSES: partial(import_courses, dataset),
        ASSESSMENTS: partial(import_assessments, dataset),
        **_by_presentation(dataset, REGISTRATIONS, registrations.import_registrations),
        **_by_presentation(dataset, RESULTS, registrations.import_results),
        **_by_presentation(dataset, SUBMISSIONS, submissions.import_submissions),
        PAGES: partial(clicks.import_pages, dataset),
        CLICKS: partial(clicks.reject_invalid, dataset, reading),
        **{
            f"{CLICKS} {one}": partial(clicks.import_clicks, dataset, codes, reading)
            for codes, one in dataset.presentations.items()
        },
    }


def _by_presentation(
    dataset: Dataset, file: str, import_one: Callable[[Dataset, Codes], ImportReport]
) -> dict[str, Step]:
    return {
        file: partial(reject_unknown, dataset, file),
        **{
            f"{file} {one}": partial(import_one, dataset, codes)
            for codes, one in dataset.presentations.items()
        },
    }


def reject_unknown(dataset: Dataset, file: str) -> ImportReport:
    """Reject the rows that belong to no known presentation."""
    unknown = len(dataset.rows(file, None))
    report = ImportReport(read=unknown)
    report.reject("unknown assessment" if file == SUBMISSIONS else "unknown presentation", unknown)
    return report


def import_courses(dataset: Dataset) -> ImportReport:
    report = ImportReport()
    found = presentations.parse(dataset.source.rows(COURSES), report)
    presentations.create_missing(found.values())
    return report


def import_assessments(dataset: Dataset) -> ImportReport:
    report = ImportReport()
    rows = dataset.source.rows(ASSESSMENTS)
    found = assessments.parse(rows, dataset.presentations, report)
    assessments.create_missing(found.values(), dataset.presentations, dataset.submitted)
    return report


@transaction.atomic
def _finish(dataset: Dataset) -> None:
    query_planner.analyze_all()
    _mark_stale(dataset)
    import_run = dataset.import_run
    import_run.status, import_run.finished_at = ImportRun.Status.DONE, timezone.now()
    import_run.save()


def _mark_stale(dataset: Dataset) -> None:
    """Mark every day on which facts of these runs count, and update the data freshness."""
    with gathered() as changes:
        changes.changed_enrollments(run__in=[run.pk for run in dataset.runs.values()])
    latest = (
        DailyActivity.objects.filter(import_run=dataset.import_run)
        .values_list("enrollment__run__course")
        .annotate(Max("day"))
    )
    zone = reporting_clock.reporting_zone()
    through = {course: midnight(day, zone) for course, day in latest}
    stale_days.write_freshness({"engagement": through}, received_at=timezone.now())


def _fail(import_run: ImportRun, error: Exception) -> None:
    sentence = str(error) if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
    import_run.status, import_run.error = ImportRun.Status.FAILED, sentence
    import_run.finished_at = timezone.now()
    import_run.save(update_fields=["status", "error", "finished_at"])
