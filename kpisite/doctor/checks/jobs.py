"""Whether each job of the schedule runs as often as it should."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from celery.schedules import crontab

from kpisite.celery import app
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check
from kpisite.jobs import last_runs

HOUR = 3_600.0
DAY = 24 * HOUR
# a job may wait for others, which may take as long
PATIENCE = 600.0


@check("jobs.last-runs", "Jobs of the schedule", "valkey")
def jobs() -> Iterator[Problem | str]:
    known, now = last_runs.known(), time.time()
    since = known.get(last_runs.SINCE)
    if since is None:
        yield "No job has run yet."
        return
    for name, entry in app.conf.beat_schedule.items():
        longest = 2 * seconds_between(entry["schedule"]) + PATIENCE
        last = known.get(entry["task"])
        age = now - (last or since).ended_at
        if age > longest:
            yield Problem(
                f"The job “{name}” {'last ended' if last else 'has not run in the last'}"
                f" {in_words(age)}{' ago' if last else ''}; it is due every"
                f" {in_words(seconds_between(entry['schedule']))}.",
                entry["task"],
                "Look at the worker's log; start another worker if jobs wait in the queue.",
            )
        elif last and not last.is_success:
            yield Problem(
                f"The job “{name}” failed {in_words(age)} ago.",
                entry["task"],
                "The worker's log has the reason.",
            )
    yield f"All {len(app.conf.beat_schedule)} run as often as they should."


def seconds_between(schedule: Any) -> float:
    """Return how many seconds are between two runs of a job."""
    if isinstance(schedule, crontab):
        hours: set[int] = vars(schedule)["hour"]
        return HOUR if len(hours) == 24 else DAY
    return float(schedule)


def in_words(seconds: float) -> str:
    for size, word in ((DAY, "day"), (HOUR, "hour"), (60.0, "minute")):
        if seconds >= size:
            number = round(seconds / size)
            return f"{number} {word}{'' if number == 1 else 's'}"
    return f"{round(seconds)} seconds"
