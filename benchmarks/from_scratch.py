"""Time the computing of all figures from their facts, in one pass over a history.

python -m benchmarks.from_scratch [--against CHECKOUT] [--postgresql]
    [--quarters 20] [--courses 20] [--learners 40]

The default is a million rows of activity in five years; with 400 learners, there are ten million.
What is printed is CPU time, on PostgreSQL also that of the server's process. With --against, the
same is measured on another checkout, and the ratio printed. All stored figures are compared.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from math import isclose
from pathlib import Path
from typing import Any

OWN = Path(__file__).resolve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", type=Path, help="Another checkout, such as an older one.")
    parser.add_argument("--postgresql", action="store_true", help="Use PostgreSQL, not SQLite.")
    parser.add_argument("--quarters", type=int, default=20)
    parser.add_argument("--courses", type=int, default=20)
    parser.add_argument("--learners", type=int, default=40, help="In each run of a course.")
    parser.add_argument("--figures", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.figures:
        measure(chosen)
    else:
        report(chosen)


def report(chosen: argparse.Namespace) -> None:
    checkouts = {"here": OWN.parents[1]} | ({"against": chosen.against} if chosen.against else {})
    with tempfile.TemporaryDirectory() as folder:
        found = {name: apart(checkout, Path(folder) / name) for name, checkout in checkouts.items()}
        if chosen.against:
            print(f"here ÷ against: {found['here'] / found['against']:.3f}")
            compare(*(Path(folder) / name for name in checkouts))


def apart(checkout: Path, figures: Path) -> float:
    """Measure in a process of its own, with the code of a checkout; return the CPU seconds."""
    done = subprocess.run(
        [sys.executable, str(OWN), *sys.argv[1:], "--figures", str(figures)],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        cwd=checkout,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    *lines, seconds = done.stdout.splitlines()
    print(f"{figures.name:8} {lines[-1]}", flush=True)
    return float(seconds)


def measure(chosen: argparse.Namespace) -> None:
    # of the checkout that is measured
    from benchmarks.databases import new_database  # noqa: PLC0415

    with new_database(is_postgresql=chosen.postgresql):
        rows = make_history(chosen)
        from core.database import query_planner  # noqa: PLC0415
        from kpis.definitions.registry import REGISTRY  # noqa: PLC0415
        from kpis.recompute import from_scratch  # noqa: PLC0415

        query_planner.analyze_all()
        first, last = span()
        now = datetime.combine(last, datetime.min.time(), UTC)
        begun = cpu_seconds()
        jobs = from_scratch.jobs_for(list(REGISTRY.values()), first, last, now)
        written = from_scratch.recompute(jobs, now).written
        seconds = cpu_seconds() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        chosen.figures.write_text("\n".join(stored()))
    print(f"{rows:10,} rows, {written:9,} figures: {seconds:7.1f} s of CPU, {peak} MB\n{seconds}")


def make_history(chosen: argparse.Namespace) -> int:
    """Make it by the code beside this file, since another checkout may have none."""
    sys.path.insert(0, str(OWN.parent))
    history = importlib.import_module("history")
    size = history.Size(chosen.courses, chosen.quarters, chosen.learners)
    made: int = history.make(size)
    return made


def span() -> tuple[Any, Any]:
    from django.db.models import Max, Min  # noqa: PLC0415

    from engagement.models import DailyActivity  # noqa: PLC0415

    days = DailyActivity.objects.aggregate(first=Min("day"), last=Max("day"))
    # the last learners finish, and answer, after their last day
    return days["first"], days["last"] + timedelta(days=40)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its database server's."""
    from django.db import connection  # noqa: PLC0415

    if connection.vendor != "postgresql":
        return time.process_time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def stored() -> list[str]:
    """Return all columns of all figures, without ids and times, as lines."""
    from kpis.models import CompositeMeasurement, Measurement  # noqa: PLC0415

    place = ("kpi", "scope", "scope_id", "course_id", "period_kind", "period_start")
    return sorted(
        json.dumps(row, default=str)
        for model in (Measurement, CompositeMeasurement)
        for row in model.objects.order_by().values_list(*place, *model.SUMS, "definition_version")
    )


def compare(here: Path, against: Path) -> None:
    """Print how many figures are the same; fractions may have been added in another order."""
    ours, theirs = (
        {tuple(row[:6]): row[6:] for row in map(json.loads, one.read_text().splitlines())}
        for one in (here, against)
    )
    same = sum(are_close(sums, theirs.get(place)) for place, sums in ours.items())
    print(f"{same:,} of {len(ours | theirs):,} figures are the same")


def are_close(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(map(are_close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


if __name__ == "__main__":
    main()
