"""Time the intake of events, compared with a minimal write of the same events to the database.

python -m benchmarks.ingest [--postgresql] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils.module_loading import import_string
from pydantic_core import from_json

from benchmarks.databases import new_database

clock = time.perf_counter
LEARNERS, MODULES, ROUNDS = 500, 8, 7
START = datetime(2026, 1, 5, tzinfo=UTC)
KINDS = {
    "content.viewed": 50,
    "video.watched": 20,
    "question.answered": 15,
    "module.completed": 5,
    "quiz.attempted": 5,
    "assessment.graded": 5,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--postgresql", action="store_true", help="The default is SQLite.")
    parser.add_argument("--profile", action="store_true", help="Show a profile as well.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql):
        receive = open_school()
        create_bare_tables()
        for size in (500, 5_000):
            report(size, compare(size, receive))
        if chosen.profile:
            profile(receive)


def open_school() -> Callable[[bytes], Any]:
    """Enroll the learners; return a function that receives the body of a request."""
    course = apps.get_model("curriculum.Course").objects.create(key="py", title="Python")
    apps.get_model("curriculum.CourseRun").objects.create(course=course, key="r1")
    module = apps.get_model("curriculum.Module")
    module.objects.bulk_create(
        module(course=course, key=f"m{at}", title=f"M{at}", position=at)
        for at in range(1, MODULES + 1)
    )
    parse_events, receive = (
        import_string(name)
        for name in ("intake.api.request_body.parse_events", "intake.receiving.receive.receive")
    )
    sender = import_string("intake.events.senders.Sender")("lms", creates_unknown=True)

    def receive_body(body: bytes) -> None:
        outcomes = receive(parse_events(body, "application/json"), sender)
        assert {one.status for one in outcomes} == {"accepted"}, outcomes  # noqa: S101

    receive_body(json.dumps([sign_up(number) for number in range(LEARNERS)]).encode())
    return receive_body


def sign_up(number: int) -> dict[str, Any]:
    when = START.isoformat()
    return {
        "id": f"s{number}",
        "kind": "enrollment.started",
        "occurred_at": when,
        "learner": f"learner-{number}",
        "course": "py",
    }


def batch(size: int, seed: int) -> list[dict[str, Any]]:
    """Return events as a course sends them within a day or two."""
    chance = random.Random(seed)  # noqa: S311
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=size)
    return [event(f"{seed}-{number}", kind, chance, seed % 60) for number, kind in enumerate(kinds)]


def event(key: str, kind: str, chance: random.Random, day: int) -> dict[str, Any]:
    module = chance.randint(1, MODULES)
    at = START + timedelta(days=1 + day, minutes=chance.randrange(48 * 60))
    made: dict[str, Any] = {
        "id": key,
        "kind": kind,
        "occurred_at": at.isoformat(),
        "learner": f"learner-{chance.randrange(LEARNERS)}",
        "course": "py",
        "module": f"m{module}",
        "object": f"{kind}-{module}",
    }
    if kind == "video.watched":
        begin = chance.randrange(500)
        made["data"] = {"segments": [[begin, begin + chance.randrange(1, 60)]], "duration": 600}
    if kind == "assessment.graded":
        made |= {"value": chance.random(), "data": {"attempt": chance.randint(1, 3)}}
    return made


def compare(size: int, receive: Callable[[bytes], Any]) -> tuple[list[float], list[float]]:
    """Return seconds of intake and of the bare baseline, in turns, each on batches of its own."""
    ours, bare = [], []
    for number in range(ROUNDS):
        body = json.dumps(batch(size, seed=size + number)).encode()
        bare.append(seconds(lambda body=body: write_bare(body)))  # type: ignore[misc]
        ours.append(seconds(lambda body=body: receive(body)))  # type: ignore[misc]
    return ours, bare


def seconds(work: Callable[[], Any]) -> float:
    began = clock()
    work()
    return clock() - began


def report(size: int, times: tuple[list[float], list[float]]) -> None:
    ours, bare = (statistics.median(some) for some in times)
    print(
        f"{size:5} events: {ours * 1000:6.0f} ms ({size / ours:7,.0f}/s), "
        f"bare {bare * 1000:5.0f} ms ({size / bare:7,.0f}/s), ratio {ours / bare:.1f}"
    )


def create_bare_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_event (id text PRIMARY KEY, body text NOT NULL)")
        cursor.execute(
            "CREATE TABLE bare_day (learner text, module text, day text, events integer NOT NULL,"
            " PRIMARY KEY (learner, module, day))"
        )


# the baseline: parse, store each event once, add up the days, commit
EVENTS = "INSERT INTO bare_event (id, body) VALUES (%s, %s) ON CONFLICT DO NOTHING"
DAYS = (
    "INSERT INTO bare_day (learner, module, day, events) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (learner, module, day) DO UPDATE SET events = bare_day.events + excluded.events"
)
UNNESTED = {
    EVENTS: EVENTS.replace("VALUES (%s, %s)", "SELECT * FROM unnest(%s::text[], %s::text[])"),
    DAYS: DAYS.replace(
        "VALUES (%s, %s, %s, %s)",
        "SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[])",
    ),
}


@transaction.atomic
def write_bare(body: bytes) -> None:
    events = from_json(body)
    days: dict[tuple[str, str, str], int] = {}
    for one in events:
        key = (one["learner"], one["module"], one["occurred_at"][:10])
        days[key] = days.get(key, 0) + 1
    insert(EVENTS, ((one["id"], json.dumps(one)) for one in events))
    insert(DAYS, ((*key, days[key]) for key in sorted(days)))


def insert(statement: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                UNNESTED[statement], [list(column) for column in zip(*rows, strict=True)]
            )
        else:
            cursor.executemany(statement, list(rows))


def profile(receive: Callable[[bytes], Any]) -> None:
    body = json.dumps(batch(500, seed=1)).encode()
    profiler = cProfile.Profile()
    profiler.runcall(receive, body)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)


if __name__ == "__main__":
    main()
