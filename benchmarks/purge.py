"""Time the purge of a month of events, beside deleting its rows.

python -m benchmarks.purge [--postgres] [--events 1000000]

On PostgreSQL, a month is deleted in three ways, one after the other, each from the same rows: by
DELETE, by DELETE with the VACUUM that gives its space back, and by the product, which remembers of
which facts the events were and drops their partition. On SQLite the product's way is timed alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest import mock

from benchmarks.databases import new_database
from benchmarks.erase import events_of, send

# through the product; all others are copies of these
SENT = 100_000
EMPTYING, DROPPING = "emptying the partition", "dropping it"
COLUMNS = (
    "sender, key, kind, occurred_at, received_at, learner, course_key, run_key, module_key, object,"
    " value, data, is_mapped, course_id, enrollment_id, module_id, import_run_id"
)
COPIES = f"""
INSERT INTO intake_event (id, {COLUMNS})
SELECT nextval('intake_receipt_id_seq'), {COLUMNS} FROM intake_event, generate_series(2, %s)
"""  # noqa: S608 - a list of columns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--events", type=int, default=1_000_000, help="Of the month.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgres, has_cache=True):
        sent = min(SENT, chosen.events)
        send(events_of([f"learner-{at}" for at in range(sent // 500)], sent))
        if chosen.postgres:
            rows = delete_rows(chosen.events // sent)
            dropping = purge_month()
            print(f"Deleting the rows takes {rows / dropping:,.0f} times as long as dropping them.")
        else:
            purge_month()


def delete_rows(times: int) -> float:
    """Fill the month, and return how long DELETE takes for a copy of it."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(COPIES, [times])
        cursor.execute("CREATE TABLE plain (LIKE intake_event_open INCLUDING ALL)")
        cursor.execute("INSERT INTO plain SELECT * FROM intake_event")
        cursor.execute("VACUUM ANALYZE plain")
        cursor.execute("VACUUM ANALYZE intake_event")
        cursor.execute("CHECKPOINT")
        delete = seconds(lambda: cursor.execute("DELETE FROM plain WHERE received_at < now()"))
        rows = cursor.rowcount
        vacuum = seconds(lambda: cursor.execute("VACUUM plain"))
        cursor.execute("DROP TABLE plain")
        cursor.execute("CHECKPOINT")
    print(f"{rows:,} rows: DELETE {delete:.2f} s, and VACUUM {vacuum:.2f} s.")
    return delete


def purge_month() -> float:
    """Purge the month as the product does; return how long deleting the events takes of it."""
    from django.utils import timezone  # noqa: PLC0415

    from intake import partitions, purging  # noqa: PLC0415
    from intake.facts import rebuildable  # noqa: PLC0415
    from intake.models import Event  # noqa: PLC0415

    before = timezone.now() + timedelta(days=1)
    close = seconds(lambda: partitions.close_month(datetime(2100, 1, 1, tzinfo=UTC)))
    parts: dict[str, float] = {}

    def timed(owner: object, name: str, label: str) -> mock._patch[Callable[..., object]]:
        function = getattr(owner, name)

        def run(*given: object, **named: object) -> object:
            began = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                parts[label] = parts.get(label, 0.0) + time.perf_counter() - began

        return mock.patch.object(owner, name, run)

    events = Event.objects.count()
    with (
        timed(rebuildable, "mark", "remembering of which facts they were"),
        timed(partitions, "empty", EMPTYING),
        timed(partitions, "drop_if_unused", DROPPING),
    ):
        whole = seconds(lambda: purging.purge_events(before))
    shares = ", ".join(f"{label} {took:.3f} s" for label, took in parts.items())
    print(
        f"{events:,} events: closing the month {close:.3f} s; the purge {whole:.2f} s ({shares})."
    )
    return parts.get(EMPTYING, whole) + parts.get(DROPPING, 0.0)


def seconds(function: Callable[[], object]) -> float:
    before = time.perf_counter()
    function()
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
