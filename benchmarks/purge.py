"""Compare ways to purge a month of events on PostgreSQL.

python -m benchmarks.purge [--events 1000000] [--purged 100000]

Printed are: deleting the rows of a month in plain SQL, dropping a partition with the same rows, and
the product's own purge of fewer events, with how long it reads and marks, and how long it deletes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

from benchmarks.databases import new_database
from benchmarks.erase import events_of, send

# the columns and indexes of the events, with the month of arrival in the key
COPY = """
CREATE TABLE plain (LIKE intake_event INCLUDING ALL);
CREATE TABLE parted (LIKE intake_event INCLUDING DEFAULTS) PARTITION BY RANGE (received_at);
ALTER TABLE parted ADD PRIMARY KEY (id, received_at);
CREATE INDEX ON parted (kind);
CREATE INDEX ON parted (enrollment_id);
CREATE INDEX ON parted (learner) WHERE enrollment_id IS NULL;
CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM ('2000-01-01') TO ('2026-01-01');
CREATE TABLE parted_new PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2100-01-01');
"""
COLUMNS = (
    "sender, key, kind, occurred_at, learner, course_key, run_key, module_key, object, value, "
    "data, is_mapped, course_id, enrollment_id, module_id, import_run_id"
)
FILL = (
    f"INSERT INTO {{table}} (id, received_at, {COLUMNS}) "  # noqa: S608
    f"SELECT row_number() OVER (), '2025-06-01'::timestamptz, {COLUMNS} "
    "FROM intake_event, generate_series(1, {times})"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=1_000_000, help="In plain SQL.")
    parser.add_argument("--purged", type=int, default=100_000, help="By the product.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=True, has_cache=True):
        send(events_of([f"learner-{at}" for at in range(chosen.purged // 500)], chosen.purged))
        compare(chosen.events, chosen.events // chosen.purged)
        purge_here(chosen.purged)


def compare(events: int, times: int) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(COPY)
        for table in ("plain", "parted"):
            cursor.execute(FILL.format(table=table, times=times))
        rows = seconds(lambda: cursor.execute("DELETE FROM plain WHERE received_at < '2026-01-01'"))
        drop = seconds(lambda: cursor.execute("DROP TABLE parted_old"))
    print(f"{events:,} rows deleted in {rows:.2f} s, their partition dropped in {drop:.3f} s "
          f"({rows / drop:,.0f} times as fast)")  # fmt: skip


def purge_here(events: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from intake import purging  # noqa: PLC0415
    from intake.facts import rebuildable  # noqa: PLC0415

    marking: list[float] = []
    mark = rebuildable.mark
    with mock.patch.object(rebuildable, "mark", lambda some: marking.append(timed(mark, some))):
        before = timezone.now() + timedelta(days=1)
        whole = seconds(lambda: purging.purge_events(before))
    print(f"the purge of {events:,} events took {whole:.1f} s, {sum(marking):.1f} s of it to "
          f"remember of which facts they were, in {len(marking)} transactions")  # fmt: skip


def timed(function: Callable[..., object], *given: object) -> float:
    return seconds(lambda: function(*given))


def seconds(function: Callable[[], object]) -> float:
    before = time.perf_counter()
    function()
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
