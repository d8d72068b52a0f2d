"""Measure what a million events cost: CPU time of ingest and of recomputing, and storage.

python -m benchmarks.cost events|history [--postgresql] [--batches 40] [--quarters 4]

Ingest and refresh: mixed batches of 500 events of one course, each followed by recomputing. From
scratch: all KPIs of 20 courses. CPU time is that of the server and, on PostgreSQL, of its backend.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import timedelta

from benchmarks.databases import new_database
from benchmarks.ingest import batch, of_backend, school

MILLION = 1e6
SIZE = 500
# of each table with its indexes
SIZES = {
    "postgresql": "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    "sqlite": "SELECT one.tbl_name, sum(page.pgsize) FROM sqlite_schema AS one"
    " JOIN dbstat AS page ON page.name = one.name GROUP BY 1",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=("events", "history"))
    parser.add_argument("--postgresql", action="store_true", help="The default is SQLite.")
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--quarters", type=int, default=4)
    chosen = parser.parse_args()
    if chosen.what == "events":
        with school(is_postgresql=chosen.postgresql) as post:
            events_and_refresh(post, chosen.batches)
    else:
        with new_database(is_postgresql=chosen.postgresql):
            from_scratch(chosen.quarters)


def events_and_refresh(post: Callable[[bytes], None], batches: int) -> None:
    from kpis.recompute.recompute_stale import recompute_stale  # noqa: PLC0415

    bodies = [json.dumps(batch(SIZE, seed)).encode() for seed in range(batches + 3)]
    # the first ones compile statements
    for body in bodies[batches:]:
        post(body)
        recompute_stale()
    before, ingest, refresh, backend = sizes(), 0.0, 0.0, 0.0
    for body in bodies[:batches]:
        begun = of_backend()
        ingest += cpu(lambda: post(body))  # noqa: B023
        backend += of_backend() - begun
        refresh += cpu(recompute_stale)
    each = MILLION / (batches * SIZE)
    print(f"ingest         {ingest * each:10.0f} CPU seconds per million events")
    print(f"  in PostgreSQL{backend * each:10.0f}")
    print(f"refresh        {refresh / batches * 1000:10.1f} CPU ms per batch")
    grown = {name: (size - before.get(name, 0)) * each / MILLION for name, size in sizes().items()}
    show(grown, "MB per million events")


def from_scratch(quarters: int) -> None:
    from benchmarks import history  # noqa: PLC0415
    from core import fan_out  # noqa: PLC0415
    from core.database import query_planner  # noqa: PLC0415
    from core.models import WorkItem  # noqa: PLC0415
    from curriculum.models import Course  # noqa: PLC0415
    from kpis.models import Measurement  # noqa: PLC0415
    from kpis.recompute import from_scratch, recompute_stale, shared_recompute  # noqa: PLC0415

    rows = history.make(history.Size(quarters=quarters))
    query_planner.analyze_all()
    first, last = history.BEGIN, history.BEGIN + timedelta(days=history.DAYS * quarters)
    options = shared_recompute.options_of(from_scratch.aggregated_indicators(), first, last)
    courses = list(Course.objects.values_list("pk", flat=True))
    fan_out.begin(shared_recompute.WORK, [courses, [shared_recompute.SITE]], options)

    def of_courses() -> None:
        while WorkItem.objects.filter(step=0, done_at=None).exists():
            fan_out.take(shared_recompute.WORK)

    def of_site() -> None:
        fan_out.take(shared_recompute.WORK)
        recompute_stale.recompute_stale()

    before, each = sizes(), MILLION / rows
    shared, single = cpu(of_courses), cpu(of_site)
    print(f"{rows:,} rows of activity, {Measurement.objects.count():,} figures")
    print(f"from scratch   {shared * each:10.1f} CPU seconds per million rows of activity, shared")
    print(f"the site       {single * each:10.1f} CPU seconds per million rows, by one worker")
    show({name: size / MILLION * each for name, size in before.items()}, "MB per million rows")
    figures = sizes()["kpis_measurement"] / Measurement.objects.count()
    print(f"a figure       {figures:10.0f} bytes")


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process and of its backend."""
    begun = time.process_time() + of_backend()
    work()
    return time.process_time() + of_backend() - begun


def sizes() -> dict[str, int]:
    """Return the bytes of each table with its indexes."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(SIZES[connection.vendor])
        return dict(cursor.fetchall())


def show(sizes: dict[str, float], unit: str) -> None:
    print(f"storage        {sum(sizes.values()):10.0f} {unit}, of which")
    for name, size in sorted(sizes.items(), key=lambda one: -one[1])[:6]:
        print(f"  {name:30}{size:8.0f}")


if __name__ == "__main__":
    main()
