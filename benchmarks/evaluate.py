"""Time the evaluation of alerts: a whole site, after one late change, and without changes.

python -m benchmarks.evaluate [--courses 200] [--modules 20] [--postgresql] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from benchmarks.databases import new_database

KPI = "engagement.completion-rate"
SCORES = "engagement.assessment-performance"
MONTHS = [date(2025 + at // 12, at % 12 + 1, 1) for at in range(4, 18)]
# all of them have closed by then
NOW = datetime(2026, 7, 5, 12, tzinfo=UTC)
N = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--courses", type=int, default=200)
    parser.add_argument("--modules", type=int, default=20)
    parser.add_argument("--postgresql", action="store_true", help="Instead of SQLite.")
    parser.add_argument("--profile", action="store_true", help="Print a profile.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql):
        rows = fill(chosen.courses, chosen.modules)
        print(f"{rows:,} measurements, {count('AlertRule')} rules")
        run("everything", NOW, is_profiled=chosen.profile)
        print(f"  {count('Alert')} alerts")
        run("nothing changed", NOW + timedelta(minutes=1))
        change("course")
        run("one month of one course changed", NOW + timedelta(minutes=2))
        change("module")
        run("one month of one module changed", NOW + timedelta(minutes=3))


def fill(courses: int, modules: int) -> int:
    """Create courses and modules, most of them above their target, and a rule for each level."""
    course, module = model("Course", "curriculum"), model("Module", "curriculum")
    measurement, rule = model("Measurement"), model("AlertRule", "alerts")
    made = course.objects.bulk_create(course(key=f"c{at}", title=f"C{at}") for at in range(courses))
    parts = module.objects.bulk_create(
        module(course=one, key=f"m{at}", title=f"M{at}", position=at)
        for one in made
        for at in range(1, modules + 1)
    )
    scopes: list[tuple[str, int, int | None]] = [("site", 0, None)]
    scopes += [("course", one.pk, one.pk) for one in made]
    scopes += [("module", one.pk, one.course_id) for one in parts]
    found = measurement.objects.bulk_create(measured(measurement, scopes), batch_size=5_000)
    for kpi in (KPI, SCORES):
        rule.objects.create(kpi=kpi, name="Each course", each="course")
    rule.objects.create(kpi=SCORES, name="Each module", each="module")
    return len(found)


def measured(measurement: Any, scopes: list[tuple[str, int, int | None]]) -> Iterator[Any]:
    seeded_random = random.Random(1)  # noqa: S311
    for scope, scope_id, course_id in scopes:
        is_weak = seeded_random.random() < 0.02
        for kpi in (SCORES,) if scope == "module" else (KPI, SCORES):
            for month in MONTHS:
                share = seeded_random.gauss(0.7 if is_weak else 0.9, 0.02)
                yield measurement(
                    kpi=kpi, scope=scope, scope_id=scope_id, course_id=course_id,
                    period_kind="month", period_start=month, n=N, total=N * share, weight=N,
                    learners=N, units=N, yy=N * (share * share + 0.01), xx=N, xy=N * share,
                    definition_version=1, computed_at=NOW,
                )  # fmt: skip


def change(scope: str) -> None:
    row = model("Measurement").objects.filter(scope=scope, kpi=SCORES).last()
    row.total *= 0.99
    row.save()
    import_string("alerts.evaluation.pending_evaluations.mark_pending")(
        [(SCORES, "month", row.course_id)]
    )


def run(what: str, now: datetime, *, is_profiled: bool = False) -> None:
    evaluate = import_string("alerts.evaluation.evaluate.evaluate")
    profiler = cProfile.Profile()
    with CaptureQueriesContext(connection) as queries:
        started = time.perf_counter()
        events = profiler.runcall(evaluate, now) if is_profiled else evaluate(now)
        seconds = time.perf_counter() - started
    print(f"{what}: {seconds:.3f} s, {len(queries)} queries, {events} events")
    if is_profiled:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(40)


def model(name: str, app: str = "kpis") -> Any:
    return import_string(f"{app}.models.{name}")


def count(name: str) -> int:
    return int(model(name, "alerts").objects.count())


if __name__ == "__main__":
    main()
