"""Measure what the server spends on POST /api/events: CPU time and statements per batch.

python -m benchmarks.ingest [--against CHECKOUT] [--postgresql] [--kind KIND] [--size 500 50 1]

Requests go through the WSGI application, from the API key to the answer. Each checkout has a
process and a database of its own; batches are sent to them in turn. On PostgreSQL, the CPU time
of its backend is included.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import os
import pstats
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

OWN = Path(__file__).resolve()
LEARNERS, MODULES = 500, 8
START = datetime(2026, 1, 5, tzinfo=UTC)
MIX = {
    "content.viewed": 50,
    "video.watched": 20,
    "question.answered": 15,
    "module.completed": 5,
    "quiz.attempted": 5,
    "assessment.graded": 5,
}
OTHERS = ("enrollment.started", "payment.received", "survey.answered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", type=Path, help="Another checkout, such as an older one.")
    parser.add_argument("--postgresql", action="store_true", help="The default is SQLite.")
    parser.add_argument("--kind", nargs="+", default=["mixed", *MIX, *OTHERS])
    parser.add_argument("--size", type=int, nargs="+", default=[500, 50, 1])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", action="store_true", help="Show a profile of each kind, too.")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(is_postgresql=chosen.postgresql)
    else:
        compare(chosen)


def compare(chosen: argparse.Namespace) -> None:
    checkouts = {"here": OWN.parents[1]} | ({"against": chosen.against} if chosen.against else {})
    servers = {name: started(folder, chosen.postgresql) for name, folder in checkouts.items()}
    for size in chosen.size:
        # single kinds differ in their handlers, which matter in large batches
        for kind in chosen.kind if size == max(chosen.size) else ["mixed"]:
            found: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
            for seed in range(chosen.rounds + 1):
                for name, server in servers.items():
                    found[name].append(ask(server, {"kind": kind, "size": size, "seed": seed}))
            report(kind, size, found)
            if chosen.profile:
                print(ask(servers["here"], {"kind": kind, "size": size, "profile": True})["text"])
    for server in servers.values():
        server.communicate()


def report(kind: str, size: int, found: dict[str, list[dict[str, float]]]) -> None:
    """Print the medians; the first batch of a kind does not count."""
    medians = {
        name: {what: statistics.median(one[what] for one in some[1:]) for what in some[0]}
        for name, some in found.items()
    }
    texts = [
        f"{name} {one['ms']:7.1f} ms ({one['statements']:.0f} statements)"
        for name, one in medians.items()
    ]
    if "against" in medians:
        texts.append(f"ratio {medians['against']['ms'] / medians['here']['ms']:.2f}")
    print(f"{size:5} {kind:18} {', '.join(texts)}", flush=True)


def started(checkout: Path, is_postgresql: bool) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(OWN), "--serve", *(["--postgresql"] if is_postgresql else [])],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(server: subprocess.Popen[str], question: dict[str, Any]) -> Any:
    print(json.dumps(question), file=server.stdin, flush=True)
    return json.loads(server.stdout.readline() if server.stdout else "")


def serve(*, is_postgresql: bool) -> None:
    """Answer a line of standard input with a line: what a batch took."""
    answers = sys.stdout
    with redirect_stdout(sys.stderr), school(is_postgresql=is_postgresql) as post:
        for seed, line in enumerate(sys.stdin):
            question = json.loads(line)
            body = json.dumps(batch(question["size"], seed, question["kind"])).encode()
            answer = profiled(post, body) if question.get("profile") else measured(post, body)
            print(json.dumps(answer), file=answers, flush=True)


Post = Callable[[bytes], None]


@contextmanager
def school(*, is_postgresql: bool) -> Iterator[Post]:
    """Set up a course with learners in a new database; yield how to send a batch to it."""
    from benchmarks.databases import new_database  # noqa: PLC0415  (of the checkout)

    with new_database(is_postgresql=is_postgresql):
        from django.core.management import call_command  # noqa: PLC0415

        made = io.StringIO()
        scopes = [f"--scope={one}" for one in ("events:write", "curriculum:write")]
        call_command("create_api_key", "lms", *scopes, "--create-unknown", stdout=made)
        post = poster(made.getvalue().split()[-1])
        post(json.dumps([course()]).encode())
        post(json.dumps([sign_up(number) for number in range(LEARNERS)]).encode())
        yield post


def poster(key: str) -> Post:
    from kpisite.wsgi import application  # noqa: PLC0415  (of the checkout)

    def post(body: bytes) -> None:
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/api/events", "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "CONTENT_TYPE": "application/json", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)), "HTTP_AUTHORIZATION": f"Bearer {key}",
            "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "HTTP_HOST": "localhost",
        }  # fmt: skip
        status: list[str] = []
        response = application(environ, lambda line, headers, error=None: status.append(line))  # type: ignore[arg-type,return-value]
        text = b"".join(response)
        response.close()
        if status[0] != "200 OK" or json.loads(text)["rejected"]:
            raise SystemExit(f"{status[0]}: {text[:500]!r}")

    return post


def measured(post: Post, body: bytes) -> dict[str, float]:
    """Return the CPU time in milliseconds, of PostgreSQL too, and the number of statements."""
    from django.db import connection  # noqa: PLC0415

    statements = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*arguments)

    begun = time.process_time() + of_backend()
    with connection.execute_wrapper(count):
        post(body)
    took = time.process_time() + of_backend() - begun
    return {"ms": 1000 * took, "statements": statements}


def of_backend() -> float:
    """Return the CPU seconds that PostgreSQL's backends have used, of all our connections."""
    from django.db import connection  # noqa: PLC0415

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        pids = [pid for (pid,) in cursor.fetchall()]
    # in nanoseconds, while the ticks of /proc/PID/stat are as long as a small batch
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9


def profiled(post: Post, body: bytes) -> dict[str, str]:
    # by CPU time, like everything here
    profiler, text = cProfile.Profile(time.process_time), io.StringIO()
    profiler.runcall(post, body)
    pstats.Stats(profiler, stream=text).sort_stats("tottime").print_stats(45)
    pstats.Stats(profiler, stream=text).sort_stats("cumulative").print_stats(110)
    return {"text": text.getvalue()}


def course() -> dict[str, Any]:
    modules = [{"key": f"m{at}", "title": f"M{at}"} for at in range(1, MODULES + 1)]
    return {
        "id": "py", "kind": "course.defined", "occurred_at": START.isoformat(), "course": "py",
        "data": {"title": "Python", "modules": modules, "runs": [{"key": "r1"}]},
    }  # fmt: skip


def sign_up(number: int | str) -> dict[str, Any]:
    when = START.isoformat()
    return {
        "id": f"s{number}",
        "kind": "enrollment.started",
        "occurred_at": when,
        "learner": f"learner-{number}",
        "course": "py",
    }


def batch(size: int, seed: int, kind: str = "mixed") -> list[dict[str, Any]]:
    """Return events of a kind, or mixed as a course sends them, within a day or two."""
    chance = random.Random(seed)  # noqa: S311
    kinds = chance.choices(list(MIX), list(MIX.values()), k=size) if kind == "mixed" else [kind]
    return [
        event(f"{seed}-{number}", kinds[number % len(kinds)], chance, seed % 60)
        for number in range(size)
    ]


def event(key: str, kind: str, chance: random.Random, day: int) -> dict[str, Any]:
    if kind == "enrollment.started":
        return sign_up(key)
    module = chance.randint(1, MODULES)
    at = START + timedelta(days=1 + day, minutes=chance.randrange(48 * 60))
    made: dict[str, Any] = {
        "id": key,
        "kind": kind,
        "occurred_at": at.isoformat(),
        "learner": f"learner-{chance.randrange(LEARNERS)}",
        "course": "py",
    }
    if kind in MIX:
        made |= {"module": f"m{module}", "object": f"{kind}-{module}"}
    if kind == "video.watched":
        begin = chance.randrange(500)
        made["data"] = {"segments": [[begin, begin + chance.randrange(1, 60)]], "duration": 600}
    if kind == "assessment.graded":
        made |= {"value": chance.random(), "data": {"attempt": chance.randint(1, 3)}}
    if kind == "payment.received":
        made["data"] = {"amount": f"{chance.randrange(400)}.50", "currency": "USD"}
    if kind == "survey.answered":
        wave = f"{key.split('-', maxsplit=1)[0]}-{chance.randrange(100)}"
        made["data"] = {"survey": "end", "wave": wave, "nps": chance.randrange(11)}
    return made


if __name__ == "__main__":
    main()
