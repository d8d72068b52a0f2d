"""Time the sums of each learner against a bare GROUP BY over the same rows, in the same run.

python -m benchmarks.unit_sums [--learners 100000] [--rows 4] [--repeat 5] [--postgresql]

Printed are the medians and the ratio for one KPI: all learners, the sums over people that
measurements store, and two groups of learners after a moment of their own.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.module_loading import import_string

from benchmarks.databases import new_database

KPI = "engagement.video-watch"
START = datetime(2026, 3, 1, tzinfo=UTC)
BARE = """
    SELECT e.learner_id, COUNT(*), SUM(v.watched_seconds), SUM(o.duration_seconds)
    FROM engagement_videoprogress v
    JOIN curriculum_enrollment e ON e.id = v.enrollment_id
    JOIN curriculum_learner l ON l.id = e.learner_id
    JOIN engagement_learningobject o ON o.id = v.video_id
    WHERE v.started_at >= %s AND v.started_at < %s AND o.duration_seconds IS NOT NULL
    AND NOT e.is_cancelled AND l.kind = 'learner'
    GROUP BY e.learner_id
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--learners", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=4, help="Rows of each learner.")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--postgresql", action="store_true", help="Instead of SQLite.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql):
        fill(chosen.learners, chosen.rows)
        print(f"{chosen.learners:,} learners, {chosen.learners * chosen.rows:,} rows")
        report(chosen.repeat)


def fill(learners: int, rows: int) -> None:
    upsert = import_string("core.database.bulk_upsert.upsert")
    models = {name: import_string(f"curriculum.models.{name}") for name in
              ("Course", "CourseRun", "Enrollment", "Learner", "Module")}  # fmt: skip
    course = models["Course"].objects.create(key="c", title="C")
    runs = [models["CourseRun"].objects.create(course=course, key=key) for key in ("a", "b")]
    module = models["Module"].objects.create(course=course, key="m", title="M", position=1)
    learning_object = import_string("engagement.models.LearningObject")
    videos = [
        learning_object.objects.create(
            course=course, key=f"v{at}", kind="video", module=module, duration_seconds=100
        )
        for at in range(rows)
    ]
    for some in batches(range(learners)):
        upsert(
            models["Learner"], ("key", "name", "email", "kind"),
            [(f"l{at}", "", "", "learner") for at in some], conflict="key",
        )  # fmt: skip
    ids = list(models["Learner"].objects.values_list("pk", flat=True))
    due = START + timedelta(days=90)
    for some in batches(ids):
        upsert(
            models["Enrollment"],
            ("learner_id", "run_id", "enrolled_at", "started_at", "cutoff_at", "planned_due_at",
             "due_at", "completed_by_sender"),
            [(pk, runs[pk % 2].pk, START, START, START, due, due, False) for pk in some],
            conflict="learner_id, run_id",
        )  # fmt: skip
    enrollments = list(models["Enrollment"].objects.values_list("pk", flat=True))
    progress = import_string("engagement.models.VideoProgress")
    for some in batches(enrollments):
        upsert(
            progress,
            ("enrollment_id", "video_id", "started_at", "segments", "watched_seconds"),
            [
                (pk, video.pk, START + timedelta(days=pk % 27, hours=1), [], (pk * 7 + at) % 100)
                for pk in some
                for at, video in enumerate(videos)
            ],
            conflict="enrollment_id, video_id",
        )
    import_string("core.database.query_planner.analyze_all")()


def batches(items: Any) -> Iterator[Any]:
    return (items[at : at + 10_000] for at in range(0, len(items), 10_000))


def report(repeat: int) -> None:
    indicator = import_string("kpis.definitions.registry.REGISTRY")[KPI]
    containing = import_string("kpis.definitions.periods.containing")
    zone = import_string("core.reporting_clock.reporting_zone")()
    month = containing(date(2026, 3, 1), "month", zone)
    unit_sums = import_string("kpis.aggregation.unit_sums.unit_sums")
    by_group = import_string("kpis.aggregation.unit_sums.sums_by_group")
    sums_by = import_string("kpis.aggregation.grouped_sums.sums_by")
    moments = import_string("kpis.definitions.facts.Moments")(
        rows=import_string("curriculum.models.Enrollment").objects.all(),
        unit="learner", moment="enrolled_at", group="run__key",
    )  # fmt: skip
    adapt = connection.ops.adapt_datetimefield_value
    bounds = [adapt(month.start), adapt(month.end)]
    timed = {
        "bare GROUP BY": lambda: raw(bounds),
        "sums of each learner": lambda: list(unit_sums(indicator, month)),
        "sums over people": lambda: sums_by(indicator, month),
        "groups after a moment": lambda: by_group(indicator, month, moments),
    }
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(repeat):
        for name, work in timed.items():
            seconds[name].append(lasts(work))
    base = statistics.median(seconds["bare GROUP BY"])
    for name, some in seconds.items():
        median = statistics.median(some)
        print(f"{name:24} {1000 * median:8.0f} ms   {median / base:5.2f} of the bare GROUP BY")


def raw(bounds: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(BARE, bounds)
        found: list[Any] = cursor.fetchall()
        return found


def lasts(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
