"""CPU seconds and wall time of storing and reading xAPI statements, beside Ralph.

python -m benchmarks.xapi [--ralph FOLDER] [--clients 2] [--batches 20] [--stored 1000000]

The product and Ralph (ralph-malph 5.1.0, its file backend set to append) get the same batches of
500 statements, as an LMS sends them. The product stores them once from a key whose courses are
unknown, and once, in a new store, with the facts that follow; then the CPU time is that until all
figures are up to date, with the workers. Ralph computes nothing, but reads its file for each batch,
so that its time is given for each quarter of the run. Bare Django inserts the text of the same
batches with an id and an index, and no more: what any such store costs at least.

Then the product's store is filled, and pages of 500 are read by `since`. Ralph's folder is that of
benchmarks/post.py.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote

from benchmarks.cpu import seconds_of_tree
from benchmarks.post import BASIC, HERE, Sender, ralph, running, wait_for_kpis, wait_for_port

# as the built-in rules know them, each with the event that follows, but for the second
VERBS = ("experienced", "interacted", "completed", "answered", "passed")
QUARTERS = 4
ADL = "http://adlnet.gov/expapi/"
# of each client, its batches of statements
Bodies = list[list[list[dict[str, Any]]]]
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
READS = 40


def statement(random: Random, second: int, namespace: str) -> dict[str, Any]:
    """Return a statement of a course with modules, as an LMS sends it within a minute.

    Rules know the verbs of ADL, and none of another namespace.
    """
    learner, page, verb = random.randrange(2_000), random.randrange(300), random.choice(VERBS)
    course = "https://lms.example/courses/statistics"
    return {
        "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "actor": {
            "objectType": "Agent",
            "account": {"homePage": "https://lms.example", "name": f"learner-{learner}"},
        },
        "verb": {"id": f"{namespace}verbs/{verb}", "display": {"en": verb}},
        "object": {
            "objectType": "Activity",
            "id": f"{course}/pages/{page}",
            "definition": {
                "type": "https://w3id.org/xapi/activity-type/page",
                "name": {"en": f"Page {page}"},
            },
        },
        "result": {"duration": "PT3M20S", "score": {"scaled": 0.8}},
        "context": {
            "registration": str(uuid.UUID(int=learner + 1)),
            "platform": "lms",
            "contextActivities": {
                "parent": [{"objectType": "Activity", "id": f"{course}/modules/{page % 20}"}],
                "grouping": [
                    {
                        "objectType": "Activity",
                        "id": course,
                        "definition": {"type": f"{ADL}activities/course"},
                    }
                ],
            },
        },
        "timestamp": (START + timedelta(seconds=second - random.randrange(60))).isoformat(),
        "version": "1.0.0",
    }


def batches(chosen: argparse.Namespace, namespace: str = ADL) -> Bodies:
    """Return the batches of each client, which send what has happened in turn."""
    random = Random(1)  # noqa: S311 - the same for all
    hour = 3_600
    return [
        [
            [
                statement(random, hour * (at * chosen.clients + client) + number, namespace)
                for number in range(500)
            ]
            for at in range(chosen.batches)
        ]
        for client in range(chosen.clients)
    ]


class Cost(NamedTuple):
    """CPU and wall seconds of a batch."""

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{1000 * self.cpu:5.0f} ms CPU and {1000 * self.wall:5.0f} ms per 500"


def write(
    name: str,
    send: Sender,
    bodies: Bodies,
    pid: int,
    *,
    folder: Path | None = None,
) -> Cost:
    """Send all batches, print what one costs; with a folder, until its figures are up to date."""
    # each worker has loaded what it needs
    for some in bodies:
        send(some[0])
    wait(folder)
    length = max(1, (len(bodies[0]) - 1) // QUARTERS)
    begun, used = time.monotonic(), seconds_of_tree(pid)
    with ThreadPoolExecutor(len(bodies)) as pool:
        for first in range(1, len(bodies[0]), length):
            since, before = time.monotonic(), seconds_of_tree(pid)
            parts = [some[first : first + length] for some in bodies]
            list(pool.map(send.all, parts))
            count = sum(map(len, parts))
            part = Cost((seconds_of_tree(pid) - before) / count, (time.monotonic() - since) / count)
            print(f"  {name:6} from {500 * first * len(bodies):7,}: {part}", flush=True)
    wall = time.monotonic() - begun
    wait(folder)
    count = sum(len(some) - 1 for some in bodies)
    cost = Cost((seconds_of_tree(pid) - used) / count, wall / count)
    print(f"{name:8} {cost}", flush=True)
    return cost


def wait(folder: Path | None) -> None:
    if folder:
        wait_for_kpis(folder / "kpi.sqlite3")


def api_key(folder: Path, *options: str) -> str:
    made = subprocess.run(
        [sys.executable, "manage.py", "create_api_key", "statements", *options,
         "--scope", "xapi:write", "--scope", "xapi:read", "--scope", "xapi:all"],
        cwd=HERE, env=os.environ | {"KPI_DATA_DIR": str(folder), "KPI_DEMO": "no"},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return made.stdout.split()[-1]


COPY = """
WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < :copies)
"""


def fill(database: Path, stored: int) -> int:
    """Copy what is stored, with earlier moments, until there are so many; return their number."""
    with sqlite3.connect(database, timeout=60) as connection:
        have, last = connection.execute("SELECT count(*), max(id) FROM xapi_statement").fetchone()
        values = {"copies": max(0, stored // have - 1), "last": last}
        names = [row[1] for row in connection.execute("PRAGMA table_info(xapi_statement)")]
        changed = {
            "id": "s.id + n * :last",
            "uuid": "lower(hex(randomblob(16)))",
            "stored": "datetime(s.stored, '-' || n || ' minutes') || substr(s.stored, 20)",
        }
        columns = ", ".join(f'"{name}"' for name in names)
        select = ", ".join(changed.get(name, f's."{name}"') for name in names)
        connection.execute(
            f"{COPY} INSERT INTO xapi_statement ({columns}) "  # noqa: S608
            f"SELECT {select} FROM copies, xapi_statement s",
            values,
        )
        for table, column in (("agentmention", "agent_id"), ("activitymention", "activity_id")):
            connection.execute(
                f"{COPY} INSERT INTO xapi_{table} (statement_id, stored, is_direct, {column}) "  # noqa: S608
                f"SELECT s.statement_id + n * :last, datetime(s.stored, '-' || n || ' minutes') "
                f"|| substr(s.stored, 20), is_direct, {column} FROM copies, xapi_{table} s",
                values,
            )
        connection.execute("ANALYZE")
        found: int = connection.execute("SELECT count(*) FROM xapi_statement").fetchone()[0]
    return found


def read(name: str, query: str, send: Sender, pid: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", send.port, timeout=60)
    headers = {"Authorization": send.authorization, "X-Experience-API-Version": "1.0.3"}

    def once() -> float:
        begun = time.monotonic()
        connection.request("GET", f"/xapi/statements?ascending=true&{query}", headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        if len(json.loads(text)["statements"]) != 500:
            raise SystemExit(f"{answer.status}: {text[:500]!r}")
        return time.monotonic() - begun

    for _ in range(5):
        once()
    used = seconds_of_tree(pid)
    times = [once() for _ in range(READS)]
    cpu = (seconds_of_tree(pid) - used) / READS
    print(
        f"{name:30} {1000 * cpu:5.1f} ms CPU, {1000 * statistics.median(times):5.1f} ms", flush=True
    )


def read_pages(database: Path, send: Sender, pid: int) -> None:
    with sqlite3.connect(database) as connection:
        middle = connection.execute(
            "SELECT stored FROM xapi_statement ORDER BY stored LIMIT 1 OFFSET "
            "(SELECT count(*) / 2 FROM xapi_statement)"
        ).fetchone()[0]
    since = f"since={middle.replace(' ', 'T')}Z"
    read("since", since, send, pid)
    read("since, verb", f"{since}&verb={quote('https://lms.example/verbs/answered')}", send, pid)
    course = quote("https://lms.example/courses/statistics")
    read("since, related activity", f"{since}&activity={course}&related_activities=true", send, pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ralph", type=Path, help="A folder with Ralph in `venv`.")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--batches", type=int, default=20, help="Batches per client.")
    parser.add_argument("--stored", type=int, default=1_000_000, help="Statements before reading.")
    parser.add_argument("--port", type=int, default=5990)
    chosen = parser.parse_args()
    telling, silent = batches(chosen), batches(chosen, namespace="https://lms.example/")
    with ours(chosen) as (process, folder):
        send = Sender(chosen.port, api_key(folder), path="/xapi/statements")
        stored = write("stored", send, silent, process.pid)
        print(f"{fill(folder / 'kpi.sqlite3', chosen.stored):,} statements, pages of 500:")
        read_pages(folder / "kpi.sqlite3", send, process.pid)
    with ours(chosen) as (process, folder):
        send = Sender(chosen.port, api_key(folder, "--create-unknown"), path="/xapi/statements")
        facts = write("facts", send, telling, process.pid, folder=folder)
    with tempfile.TemporaryDirectory() as name, bare(chosen, Path(name)) as process:
        write("bare", Sender(chosen.port, "", path="/statements"), telling, process.pid)
    if chosen.ralph:
        with tempfile.TemporaryDirectory() as name, ralph(chosen, Path(name)) as process:
            sender = Sender(chosen.port, BASIC, path="/xAPI/statements", scheme="Basic")
            theirs = write("Ralph", sender, telling, process.pid)
        for what, one in (("stored", stored), ("with facts", facts)):
            cpu, wall = theirs.cpu / one.cpu, theirs.wall / one.wall
            print(f"Ralph ÷ {what}: {cpu:.1f} times the CPU, {wall:.1f} times as long")


@contextmanager
def ours(chosen: argparse.Namespace) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    with (
        tempfile.TemporaryDirectory() as name,
        running(HERE, Path(name), chosen.port) as (process, _),
    ):
        yield process, Path(name)


@contextmanager
def bare(chosen: argparse.Namespace, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the store that only inserts, with two workers, like our server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{chosen.port}",
         "--log-level", "error", "benchmarks.bare_store:application"],
        cwd=HERE, env=os.environ | {"BARE_STORE": str(folder / "bare.sqlite3")},
    )  # fmt: skip
    try:
        wait_for_port(chosen.port, process)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


if __name__ == "__main__":
    main()
