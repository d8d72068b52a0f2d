"""Time how figures follow a batch of 500 events, after a short and after a long history (SQLite).

python -m benchmarks.refresh [--against CHECKOUT] [--quarters 2 20] [--courses 20] [--batches 5]

Each history holds 20 courses and the same activity per quarter: 100,000 rows in 2 quarters, a
million in 20. What is printed is CPU time of recomputing, after one course was touched and after
all were. With --against the same is measured on another checkout, in turn, and the ratio printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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
    parser.add_argument("--courses", type=int, default=20)
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen.one, chosen.courses, chosen.batches)))
        return
    report(chosen)


def report(chosen: argparse.Namespace) -> None:
    found: dict[tuple[str, int], dict[str, Any]] = {}
    checkouts = {"here": OWN.parents[1]} | ({"against": chosen.against} if chosen.against else {})
    for quarters in chosen.quarters:
        for name, checkout in checkouts.items():
            found[name, quarters] = one = apart(checkout, quarters, chosen)
            times = ", ".join(f"{what} {one[what]:7.0f} ms" for what in WHATS)
            print(f"{name:8} {quarters:3} quarters, {one['rows']:9,} rows: {times}", flush=True)
        if chosen.against:
            print(f"{'':8} here ÷ against: {ratios(found, 'here', 'against', quarters, quarters)}")
    short, long = min(chosen.quarters), max(chosen.quarters)
    for name in checkouts:
        print(f"{name:8} {long} ÷ {short} quarters: {ratios(found, name, name, long, short)}")


def ratios(found: Any, one: str, other: str, quarters: int, others: int) -> str:
    return ", ".join(
        f"{what} {found[one, quarters][what] / found[other, others][what]:.2f}" for what in WHATS
    )


WHATS = ("one course", "all courses")


def apart(checkout: Path, quarters: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure in a process of its own, with the code of a checkout and a new database."""
    options = ["--one", str(quarters), "--courses", str(chosen.courses)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(OWN), *options, "--batches", str(chosen.batches)],
            env=os.environ
            | {"PYTHONPATH": str(checkout), "KPI_DATA_DIR": folder, "LOG_LEVEL": "ERROR"},
            cwd=checkout,
            check=True,
            stdout=subprocess.PIPE,
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measured(quarters: int, courses: int, batches: int) -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "kpisite.settings"
    import django  # noqa: PLC0415  (of the checkout that is measured)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    rows = make_history(quarters, courses)
    from kpisite.tasks import keep_statistics  # noqa: PLC0415

    keep_statistics()
    last = quarters - 1
    # the first batches make what others find: videos, quizzes, figures
    refreshed(range(courses), last, seed=1)
    seconds: dict[str, list[float]] = {what: [] for what in WHATS}
    for seed in range(2, 2 + batches):
        seconds["one course"].append(refreshed([seed % courses], last, seed=seed))
        seconds["all courses"].append(refreshed(range(courses), last, seed=1000 + seed))
    return {"rows": rows} | {what: 1000 * statistics.median(some) for what, some in seconds.items()}


def make_history(quarters: int, courses: int) -> int:
    """Courses with a run per quarter, their enrolments, and what these did; returns the rows."""
    from curriculum.enrolling import SignUp, enroll  # noqa: PLC0415
    from curriculum.models import (  # noqa: PLC0415
        Course,
        CourseRun,
        Learner,
        Module,
    )

    chance, rows = random.Random(1), 0  # noqa: S311
    for at in range(courses):
        course = Course.objects.create(key=f"c{at}", title=f"Course {at}", nominal_days=60)
        modules = Module.objects.bulk_create(
            Module(course=course, key=f"m{n}", title=f"M{n}", position=n) for n in range(MODULES)
        )
        for quarter in range(quarters):
            first = BEGIN + timedelta(days=DAYS * quarter)
            run = CourseRun.objects.create(course=course, key=f"q{quarter}")
            learners = Learner.objects.bulk_create(
                Learner(key=f"l{at}-{quarter}-{n}") for n in range(LEARNERS)
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


def refreshed(courses: Any, quarter: int, *, seed: int) -> float:
    """CPU seconds of recomputing after 500 events of the last quarter."""
    from intake.events.senders import Sender  # noqa: PLC0415
    from intake.receiving.receive import receive  # noqa: PLC0415
    from kpis.recompute import recompute_stale  # noqa: PLC0415

    sender = Sender("lms", creates_unknown=True)
    receive(list(events(list(courses), quarter, seed)), sender)
    begun = time.process_time()
    recompute_stale.recompute_stale()
    return time.process_time() - begun


def events(courses: list[int], quarter: int, seed: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311
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
            "learner": f"l{course}-{quarter}-{chance.randrange(LEARNERS)}",
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
