"""Time how figures follow a batch of 500 events, after a short and after a long history (SQLite).

python -m benchmarks.refresh [--against CHECKOUT] [--quarters 2 20] [--courses 20 200]
    [--learners 40 400] [--batches 5]

The first history has 20 courses with 40 learners in each run, and so 100,000 rows of activity in 2
quarters. The others are longer, have more courses, or more rows per quarter; each is compared with
the first. What is printed is CPU time of recomputing and its number of statements, after one course
was touched and after 20 were. With --against the same is measured on another checkout, in turn, and
the ratio printed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

BEGIN = date(2020, 1, 6)
DAYS = 91
LEARNERS, MODULES, ACTIVE_DAYS = 40, 8, 62
KINDS = ("content.viewed", "video.watched", "question.answered", "module.completed",
         "quiz.attempted", "assessment.graded")  # fmt: skip
OWN = Path(__file__).resolve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", type=Path, help="Another checkout, such as an older one.")
    parser.add_argument("--quarters", type=int, nargs="+", default=[2, 20])
    parser.add_argument("--courses", type=int, nargs="+", default=[20])
    parser.add_argument("--learners", type=int, nargs="+", default=[LEARNERS], help="Per run.")
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    of_each = chosen.quarters, chosen.courses, chosen.learners
    first = Shape(*(some[0] for some in of_each))
    if chosen.one:
        print(json.dumps(measured(first, chosen.batches)))
        return
    names = ("quarters", "courses", "learners")
    shapes = [first] + [
        replace(first, **{name: size})
        for name, some in zip(names, of_each, strict=True)
        for size in some[1:]
    ]
    report(shapes, chosen)


def report(shapes: Sequence[Shape], chosen: argparse.Namespace) -> None:
    found: dict[tuple[str, Shape], dict[str, Any]] = {}
    checkouts = {"here": OWN.parents[1]} | ({"against": chosen.against} if chosen.against else {})
    for shape in shapes:
        for name, checkout in checkouts.items():
            found[name, shape] = one = apart(checkout, shape, chosen.batches)
            times = ", ".join(
                f"{what} {one[what]:7.1f} ms, {one[f'{what}, statements']} statements"
                for what in WHATS
            )
            print(f"{name:8} {shape}, {one['rows']:9,} rows: {times}", flush=True)
        if chosen.against:
            print(f"{'':8} here ÷ against: {ratios(found['here', shape], found['against', shape])}")
    for name in checkouts:
        for shape in shapes[1:]:
            compared = ratios(found[name, shape], found[name, shapes[0]])
            print(f"{name:8} {shape} ÷ {shapes[0]}: {compared}")


def ratios(one: dict[str, Any], other: dict[str, Any]) -> str:
    return ", ".join(f"{what} {one[what] / other[what]:.2f}" for what in WHATS)


WHATS = ("one course", "20 courses")


def apart(checkout: Path, shape: Shape, batches: int) -> dict[str, Any]:
    """Measure in a process of its own, with the code of a checkout and a new database."""
    options = ["--one", "--quarters", str(shape.quarters), "--courses", str(shape.courses)]
    options += ["--learners", str(shape.learners), "--batches", str(batches)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(OWN), *options],
            env=os.environ
            | {"PYTHONPATH": str(checkout), "KPI_DATA_DIR": folder, "LOG_LEVEL": "ERROR"},
            cwd=checkout,
            check=True,
            stdout=subprocess.PIPE,
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@dataclass(frozen=True)
class Shape:
    """How large a history is."""

    quarters: int
    courses: int
    learners: int

    def __str__(self) -> str:
        return f"{self.quarters} quarters, {self.courses} courses, {self.learners} learners"


def measured(shape: Shape, batches: int) -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "kpisite.settings"
    import django  # noqa: PLC0415  (of the checkout that is measured)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    rows = make_history(shape)
    from kpisite.tasks import keep_statistics  # noqa: PLC0415

    keep_statistics()
    # the first batches make what others find: videos, quizzes, figures
    refreshed(range(shape.courses), shape, seed=1)
    touched = min(20, shape.courses)
    # as in a worker, what was loaded is never collected
    gc.collect()
    gc.freeze()
    found: dict[str, list[float]] = defaultdict(list)
    for seed in range(2, 2 + batches):
        for what, courses in zip(WHATS, ([seed % shape.courses], range(touched)), strict=True):
            seconds, statements = refreshed(courses, shape, seed=1000 * len(courses) + seed)
            found[what].append(1000 * seconds)
            found[f"{what}, statements"].append(statements)
    return {"rows": rows} | {name: statistics.median(some) for name, some in found.items()}


def make_history(shape: Shape) -> int:
    """Courses with a run per quarter, their enrolments, and what these did; returns the rows."""
    from curriculum.enrolling import SignUp, enroll  # noqa: PLC0415
    from curriculum.models import (  # noqa: PLC0415
        Course,
        CourseRun,
        Learner,
        Module,
    )

    chance, rows = random.Random(1), 0  # noqa: S311
    for at in range(shape.courses):
        course = Course.objects.create(key=f"c{at}", title=f"Course {at}", nominal_days=60)
        modules = Module.objects.bulk_create(
            Module(course=course, key=f"m{n}", title=f"M{n}", position=n) for n in range(MODULES)
        )
        for quarter in range(shape.quarters):
            first = BEGIN + timedelta(days=DAYS * quarter)
            run = CourseRun.objects.create(course=course, key=f"q{quarter}")
            learners = Learner.objects.bulk_create(
                Learner(key=f"l{at}-{quarter}-{n}") for n in range(shape.learners)
            )
            begun = datetime.combine(first, datetime.min.time(), UTC)
            made = enroll(
                SignUp(learner_id=one.pk, run_id=run.pk, enrolled_at=begun) for one in learners
            )
            rows += be_active(made, modules, first, chance)
    return rows


def be_active(
    enrollments: list[Any], modules: list[Any], first: date, chance: random.Random
) -> int:
    from engagement.facts import activity  # noqa: PLC0415

    days = {
        (one.pk, modules[day * MODULES // DAYS].pk, first + timedelta(days=day)): [2, 1, 1, 0]
        for one in enrollments
        for day in chance.sample(range(DAYS), ACTIVE_DAYS)
    }
    activity.add_to_days(days)
    activity.add_presence((key, sums[1] > 0) for key, sums in days.items())
    return len(days)


def refreshed(courses: Sequence[int], shape: Shape, *, seed: int) -> tuple[float, int]:
    """CPU seconds and statements of recomputing after 500 events of the last quarter."""
    from django.db import connection  # noqa: PLC0415

    from intake.events.senders import Sender  # noqa: PLC0415
    from intake.receiving.receive import receive  # noqa: PLC0415
    from kpis.recompute import recompute_stale  # noqa: PLC0415

    sender = Sender("lms", creates_unknown=True)
    receive(list(events(courses, shape, seed)), sender)
    statements = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*args)

    with connection.execute_wrapper(count):
        begun = time.process_time()
        recompute_stale.recompute_stale()
        return time.process_time() - begun, statements


def events(courses: Sequence[int], shape: Shape, seed: int) -> Iterator[dict[str, Any]]:
    chance, quarter = random.Random(seed), shape.quarters - 1  # noqa: S311
    first = BEGIN + timedelta(days=DAYS * quarter + DAYS - 2)
    for number in range(500):
        kind, course = chance.choice(KINDS), courses[number % len(courses)]
        at = datetime.combine(first, datetime.min.time(), UTC) + timedelta(
            seconds=chance.randrange(86_400)
        )
        module = chance.randrange(MODULES)
        event: dict[str, Any] = {
            "id": f"{seed}-{number}",
            "kind": kind,
            "occurred_at": at.isoformat(),
            "learner": f"l{course}-{quarter}-{chance.randrange(shape.learners)}",
            "course": f"c{course}",
            "module": f"m{module}",
            "object": f"{kind}-{module}",
        }
        if kind == "video.watched":
            event["data"] = {"segments": [[0, chance.randint(10, 90)]], "duration": 100}
        if kind == "assessment.graded":
            event |= {"value": chance.random(), "data": {"attempt": seed}}
        yield event


if __name__ == "__main__":
    main()
