"""Time how long erasing a learner takes, among the events of many others.

python -m benchmarks.erase [--postgres] [--events 10000] [--others 200000]

Printed are the seconds, the number of statements and the bytes of the database.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from benchmarks.databases import new_database

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
COURSES, LEARNER, BATCH = 10, "ada@example.com", 5_000
KINDS = ("content.viewed", "video.watched", "quiz.attempted", "assessment.graded")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--events", type=int, default=10_000, help="Of the learner.")
    parser.add_argument("--others", type=int, default=200_000, help="Events of other learners.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgres, has_cache=True):
        measure(chosen.events, chosen.others)


def measure(own: int, others: int) -> None:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from curriculum.erasing import erase  # noqa: PLC0415
    from curriculum.models import Learner  # noqa: PLC0415

    send(events_of([f"learner-{at}@example.com" for at in range(max(1, others // 500))], others))
    send(events_of([LEARNER], own))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    ada = Learner.objects.get(key=LEARNER)
    Learner.objects.filter(pk=ada.pk).update(name="Ada Lovelace", email=LEARNER)
    ada.refresh_from_db()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        before = time.perf_counter()
        erase(ada)
        took = time.perf_counter() - before
    print(
        f"{connection.vendor}: {own:,} of {own + others:,} events erased in {took:.2f} s, "
        f"{len(queries)} statements"
    )
    slowest = sorted(queries.captured_queries, key=lambda one: -float(one["time"]))[:5]
    for one in slowest:
        print(f"  {one['time']} s {one['sql'][:110]}")


def send(events: Iterator[dict[str, Any]]) -> None:
    from intake.events.senders import Sender  # noqa: PLC0415
    from intake.receiving.receive import receive  # noqa: PLC0415

    sender = Sender("lms", creates_unknown=True)
    while some := list(islice(events, BATCH)):
        outcomes = receive(some, sender)
        assert {one.status for one in outcomes} == {"accepted"}, outcomes[0]  # noqa: S101


def events_of(learners: list[str], number: int) -> Iterator[dict[str, Any]]:
    """Yield so many events of these learners, who sign up for all courses first."""
    places = [(who, f"course-{at}") for at in range(COURSES) for who in learners]
    for at in range(number):
        who, course = places[at % len(places)]
        number_of_visit = at // len(places)
        kind = KINDS[number_of_visit % len(KINDS)]
        event: dict[str, Any] = {
            "id": f"{who}-{course}-{number_of_visit}",
            "kind": kind if number_of_visit else "enrollment.started",
            "occurred_at": (BEGIN + timedelta(minutes=7 * number_of_visit)).isoformat(),
            "learner": who,
            "course": course,
            "object": f"thing-{number_of_visit % 20}",
        }
        if kind == "assessment.graded" and number_of_visit:
            event["value"] = 0.8
        if kind == "video.watched" and number_of_visit:
            event["data"] = {"segments": [[0, 60]], "duration": 240}
        yield event


if __name__ == "__main__":
    main()
