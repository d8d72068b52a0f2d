"""Import the dataset step by step: each step and its report are in together, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone
from tqdm import tqdm

from core import query_planner
from core.locks import try_lock
from engagement.oulad import (
    assessments,
    click_sums,
    clicks,
    presentations,
    registrations,
    submissions,
    tables,
)
from engagement.oulad.click_sums import ClickSums
from engagement.oulad.dataset import Dataset
from engagement.oulad.files import (
    ASSESSMENTS,
    CLICKS,
    COLUMNS,
    COURSES,
    REGISTRATIONS,
    RESULTS,
    SITES,
    SUBMISSIONS,
)
from engagement.oulad.freshness import mark_imported_stale
from engagement.oulad.presentations import Place
from engagement.oulad.report import ImportReport
from engagement.oulad.source import Source, SourceError
from intake.models import ImportRun

KIND = "oulad"
Step = Callable[[], ImportReport]


class AlreadyImportedError(Exception):
    """These files were imported before; the message gives the date."""


class ImportRunningError(Exception):
    """Another import into this database is running."""


def import_dataset(path: Path) -> ImportRun:
    """Import what is not in yet, and go on where an import of the same files stopped.

    SourceError when the files cannot be taken, AlreadyImportedError when all is in, and
    ImportRunningError while another import is running.
    """
    with try_lock("import") as is_free:
        if not is_free:
            raise ImportRunningError("Another import is running. Wait until it has finished.")
        source = Source(path)
        import_run = _begin(source)
        try:
            _take_steps(Dataset(source, import_run))
        except Exception as error:
            # where the database itself is away, the run stays as one that was cut off
            with suppress(DatabaseError, InterfaceError):
                _fail(import_run, error)
            raise
        return import_run


def _begin(source: Source) -> ImportRun:
    import_run, _ = ImportRun.objects.get_or_create(
        kind=KIND, digest=_digest(source), defaults={"source": source.path.name[:255]}
    )
    if import_run.status == ImportRun.Status.DONE:
        raise AlreadyImportedError(
            f"{source.path.name} was imported on {import_run.finished_at:%Y-%m-%d} as import "
            f"{import_run.pk} already; nothing was changed."
        )
    import_run.status, import_run.error, import_run.finished_at = ImportRun.Status.RUNNING, "", None
    import_run.save()
    return import_run


def _digest(source: Source) -> str:
    total = sum(source.size(name) for name in COLUMNS)
    with tqdm(
        total=total, desc="looking at the files", unit="B", unit_scale=True,
        disable=None, leave=False,
    ) as bar:  # fmt: skip
        return source.digest(bar.update)


def _take_steps(dataset: Dataset) -> None:
    # the largest file is read while the others are written: two cores, half the wait
    with ThreadPoolExecutor(max_workers=1) as background:
        reading = background.submit(click_sums.read, dataset.source)
        with tqdm(_steps(dataset, reading).items(), disable=None, unit="step") as bar:
            for name, step in bar:
                bar.set_description(name)
                if name not in dataset.import_run.report:
                    _take_step(dataset.import_run, name, step)
    _finish(dataset)


def _take_step(import_run: ImportRun, name: str, step: Step) -> None:
    began = time.monotonic()
    with transaction.atomic():
        report = step()
        report.seconds = time.monotonic() - began
        reports = {**import_run.report, name: report.as_json()}
        ImportRun.objects.filter(pk=import_run.pk).update(report=reports)
    import_run.report = reports


def _steps(dataset: Dataset, reading: Future[ClickSums]) -> dict[str, Step]:
    """All steps by name; short ones, since each holds back other writers while it lasts."""
    return {
        COURSES: partial(take_courses, dataset),
        ASSESSMENTS: partial(take_assessments, dataset),
        **_by_place(dataset, REGISTRATIONS, registrations.take),
        **_by_place(dataset, RESULTS, registrations.take_results),
        **_by_place(dataset, SUBMISSIONS, submissions.take),
        SITES: partial(clicks.take_sites, dataset),
        CLICKS: partial(clicks.take_misfits, dataset, reading),
        **{
            f"{CLICKS} {one}": partial(clicks.take, dataset, place, reading)
            for place, one in dataset.presentations.items()
        },
    }


def _by_place(
    dataset: Dataset, file: str, take: Callable[[Dataset, Place], ImportReport]
) -> dict[str, Step]:
    return {
        file: partial(take_misfits, dataset, file),
        **{
            f"{file} {one}": partial(take, dataset, place)
            for place, one in dataset.presentations.items()
        },
    }


def take_misfits(dataset: Dataset, file: str) -> ImportReport:
    """Refuse the rows of no presentation that there is."""
    misfits = len(dataset.rows(file, None))
    report = ImportReport(read=misfits)
    report.refuse("no such assessment" if file == SUBMISSIONS else "no such presentation", misfits)
    return report


def take_courses(dataset: Dataset) -> ImportReport:
    report = ImportReport()
    found = presentations.parse(tables.rows(dataset.source, COURSES), report)
    presentations.lay(found.values())
    return report


def take_assessments(dataset: Dataset) -> ImportReport:
    report = ImportReport()
    rows = tables.rows(dataset.source, ASSESSMENTS)
    found = assessments.parse(rows, dataset.presentations, report)
    assessments.lay(found.values(), dataset.presentations, dataset.recorded)
    return report


@transaction.atomic
def _finish(dataset: Dataset) -> None:
    query_planner.analyze_all()
    mark_imported_stale(dataset)
    import_run = dataset.import_run
    import_run.status, import_run.finished_at = ImportRun.Status.DONE, timezone.now()
    import_run.save()


def _fail(import_run: ImportRun, error: Exception) -> None:
    sentence = str(error) if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
    import_run.status, import_run.error = ImportRun.Status.FAILED, sentence
    import_run.finished_at = timezone.now()
    import_run.save(update_fields=["status", "error", "finished_at"])
