"""Whether there is a recent backup."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from core import task_queue
from kpisite import byte_sizes
from kpisite.backups import last_backup
from kpisite.doctor.checks.jobs import in_words
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check

REMEDY = (
    "Run manage.py backup FOLDER --keep 14 every night (docs/backups.md). If something else backs"
    " the database up, set KPI_BACKUP_HOURS=0."
)


@check("backups.age", "Backups", "valkey")
def age() -> Iterator[Problem | str]:
    if settings.KPI_BACKUP_HOURS == 0:
        yield "Not checked, as KPI_BACKUP_HOURS is 0."
        return
    last = last_backup.last()
    if last is None:
        if settings.IS_LOCAL:
            yield "None is known. This installation serves only this machine."
            return
        yield Problem("No backup is known.", "manage.py backup", REMEDY)
        return
    seconds = (timezone.now() - last.made_at).total_seconds()
    if seconds > settings.KPI_BACKUP_HOURS * 3_600:
        yield Problem(
            f"The last backup is {in_words(seconds)} old.", f"{last.host}:{last.path}", REMEDY
        )
    yield said_of_last()


def said_of_last() -> str:
    """Return a sentence about the last backup, also if Valkey does not know."""
    try:
        last = last_backup.last()
    except task_queue.UNREACHABLE:
        return "Whether there is a backup is not known, since Valkey does not answer."
    if last is None:
        return "No backup is known."
    seconds = (timezone.now() - last.made_at).total_seconds()
    return (
        f"The last backup is {in_words(seconds)} old: {last.host}:{last.path}"
        f" ({byte_sizes.named(last.size)})."
    )
