"""Time POST /api/events under four clients that send batches of 500 without a pause (SQLite).

python -m benchmarks.post [--against CHECKOUT] [--ralph FOLDER] [--clients 4] [--batches 15]

Each checkout runs like `script/server`, on its own empty data folder. Prints the time of a request,
the CPU time of all its processes, and how long after the last request the KPIs are up to date.

Ralph (ralph-malph 5.1.0) stores as many statements in files and computes nothing. Its folder has
a virtual environment `venv` with `ralph-malph[lrs]`, `requests` and `click-option-group`. As
released, its second request fails: `write` in its `backends/lrs/fs.py` must append by default
(`operation_type or BaseOperationType.APPEND`).
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.cpu import seconds_of_tree
from benchmarks.ingest import batch, sign_up

HERE = Path(__file__).resolve().parents[1]
LEARNERS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--against", type=Path, help="Compare with another checkout, such as an older one."
    )
    parser.add_argument("--ralph", type=Path, help="A folder with Ralph in `venv`.")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--batches", type=int, default=15, help="Batches per client.")
    parser.add_argument("--port", type=int, default=5990)
    chosen = parser.parse_args()
    rates: dict[str, tuple[float, float]] = {}
    for name, checkout in (("here", HERE), ("against", chosen.against)):
        if checkout:
            with tempfile.TemporaryDirectory() as folder:
                rates[name] = measure_checkout(checkout, Path(folder), chosen)
    if chosen.ralph:
        with tempfile.TemporaryDirectory() as folder, ralph(chosen, Path(folder)) as process:
            sender = Sender(chosen.port, BASIC, path="/xAPI/statements", scheme="Basic")
            rates["ralph"] = measure("ralph", sender, statements, chosen, process)
    for name in rates.keys() - {"here"}:
        wall, cpu = (ours / theirs for ours, theirs in zip(rates["here"], rates[name], strict=True))
        print(f"here ÷ {name}: {wall:.2f} times the events per second, {cpu:.2f} per CPU second")


def measure_checkout(
    checkout: Path, folder: Path, chosen: argparse.Namespace
) -> tuple[float, float]:
    with running(checkout, folder, chosen.port) as (process, key):
        send = Sender(chosen.port, key)
        send([sign_up(number) for number in range(LEARNERS)])
        name = "here" if checkout == HERE else "against"
        found = measure(name, send, lambda seed: batch(500, seed), chosen, process)
        print(f"KPIs {wait_for_kpis(folder / 'kpi.sqlite3'):.1f} s after the last request")
        return found


@contextmanager
def server(checkout: Path, folder: Path, port: int) -> Iterator[str]:
    """Run the server of a checkout; yield an API key that may send events."""
    with running(checkout, folder, port) as (_, key):
        yield key


@contextmanager
def running(
    checkout: Path, folder: Path, port: int
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the server of a checkout; yield it with an API key that may send events."""
    environment = os.environ | {
        "KPI_DATA_DIR": str(folder), "KPI_DEMO": "no", "PORT": str(port), "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(checkout),
    }  # fmt: skip
    log = (folder / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "kpisite.launcher.start_product"],
        cwd=checkout,
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        wait_until_ready(folder / "server.log")
        made = subprocess.run(
            [sys.executable, "manage.py", "create_api_key", "bench", "--create-unknown",
             "--scope", "events:write", "--scope", "kpis:read"],
            cwd=checkout, env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        yield process, made.stdout.split()[-1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def wait_until_ready(log: Path) -> None:
    for _ in range(600):
        if "Ready" in log.read_text():
            return
        time.sleep(0.2)
    raise SystemExit(log.read_text())


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server listens, and then for its workers to load what they need."""
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            time.sleep(5)
            break
        time.sleep(0.1)
    if process.poll() is not None:
        raise SystemExit(f"The server did not start; is port {port} taken?")


BASIC = base64.b64encode(b"bench:bench").decode()

# no setting does this, and without it Ralph refuses every batch but the first
APPENDING = """
from ralph.backends.data.base import BaseOperationType
from ralph.backends.data.fs import FSDataBackend
FSDataBackend.default_operation_type = BaseOperationType.APPEND
from ralph.api import app
"""


@contextmanager
def ralph(chosen: argparse.Namespace, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Ralph with two workers, like our server, and a new file of statements."""
    binary = chosen.ralph / "venv" / "bin"
    environment = os.environ | {
        "RALPH_APP_DIR": str(folder), "RALPH_RUNSERVER_BACKEND": "fs", "RALPH_SENTRY_DSN": "",
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(folder / "statements"),
    }  # fmt: skip
    (folder / "statements").mkdir()
    (folder / "appending.py").write_text(APPENDING)
    hashed = subprocess.run(
        [binary / "python", "-c",
         "import bcrypt; print(bcrypt.hashpw(b'bench', bcrypt.gensalt(4)).decode())"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    agent = {"mbox": "mailto:bench@example.com"}
    user = {"username": "bench", "hash": hashed, "scopes": ["all"], "agent": agent}
    (folder / "auth.json").write_text(json.dumps([user]))
    process = subprocess.Popen(
        [binary / "python", "-m", "uvicorn", "appending:app", "--app-dir", folder, "--workers", "2",
         "--port", str(chosen.port), "--log-level", "error"],
        env=environment | {"RALPH_AUTH_FILE": str(folder / "auth.json")},
    )  # fmt: skip
    try:
        wait_for_port(chosen.port, process)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def statements(seed: int) -> list[dict[str, Any]]:
    """Return the events of a batch as xAPI statements."""
    return [
        {
            "id": str(uuid.uuid4()),
            "actor": {"account": {"name": one["learner"], "homePage": "https://lms.example"}},
            "verb": {"id": f"https://lms.example/verbs/{one['kind']}"},
            "object": {"id": f"https://lms.example/{one['course']}/{one['object']}"},
            "timestamp": one["occurred_at"],
        }
        for one in batch(500, seed)
    ]


def measure(
    name: str,
    send: Sender,
    make: Callable[[int], list[dict[str, Any]]],
    chosen: argparse.Namespace,
    process: subprocess.Popen[bytes],
) -> tuple[float, float]:
    """Return the events per second and per CPU second of the server."""
    bodies = [
        [make(1 + client * chosen.batches + at) for at in range(chosen.batches)]
        for client in range(chosen.clients)
    ]
    begun, used = time.monotonic(), seconds_of_tree(process.pid)
    with ThreadPoolExecutor(chosen.clients) as pool:
        times = sorted(one for some in pool.map(send.all, bodies) for one in some)
    events = 500 * len(times)
    wall, cpu = (
        events / (time.monotonic() - begun),
        events / (seconds_of_tree(process.pid) - used),
    )
    print(
        f"{name:8} {wall:6,.0f} events/s, {cpu:6,.0f} per CPU second; a request"
        f" p50 {statistics.median(times):.2f} s, p99 {times[int(0.99 * (len(times) - 1))]:.2f} s,"
        f" max {times[-1]:.2f} s",
        flush=True,
    )
    return wall, cpu


class Sender:
    def __init__(
        self, port: int, key: str, *, path: str = "/api/events", scheme: str = "Bearer"
    ) -> None:
        self.port, self.path = port, path
        self.authorization = f"{scheme} {key}"

    def __call__(self, events: list[dict[str, Any]]) -> float:
        """Send a batch; return the seconds that it took."""
        body = json.dumps(events)
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Authorization": self.authorization, "Content-Type": "application/json",
            "X-Experience-API-Version": "1.0.3",
        }  # fmt: skip
        connection.request("POST", self.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {text[:500]!r}")
        return time.monotonic() - begun

    def all(self, batches: list[list[dict[str, Any]]]) -> list[float]:
        return [self(one) for one in batches]


def wait_for_kpis(database: Path) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < 600 and stale_rows(database):
        time.sleep(0.05)
    return time.monotonic() - begun


def stale_rows(database: Path) -> int:
    found = 0
    with sqlite3.connect(database) as connection:
        for table in ("kpis_staleday", "kpis_staleperiod"):
            with suppress(sqlite3.OperationalError):  # an older checkout lacks one
                found += connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    return found


if __name__ == "__main__":
    main()
