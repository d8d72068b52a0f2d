"""Time POST /api/events under four clients that send batches of 500 without a pause (SQLite).

python -m benchmarks.post [--against CHECKOUT] [--clients 4] [--batches 15] [--port 5990]

Each checkout runs like `script/server`, on its own empty data folder. Prints the time of a request,
and how long after the last one the KPIs are up to date.
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.ingest import batch, sign_up

HERE = Path(__file__).resolve().parents[1]
LEARNERS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--against", type=Path, help="Compare with another checkout, such as an older one."
    )
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--batches", type=int, default=15, help="Batches per client.")
    parser.add_argument("--port", type=int, default=5990)
    chosen = parser.parse_args()
    for checkout in (HERE, chosen.against) if chosen.against else (HERE,):
        with (
            tempfile.TemporaryDirectory() as folder,
            server(checkout, Path(folder), chosen.port) as key,
        ):
            print(f"{'here' if checkout == HERE else 'against'}: ", end="", flush=True)
            measure(Path(folder), chosen, key)


@contextmanager
def server(checkout: Path, folder: Path, port: int) -> Iterator[str]:
    """Run the server of a checkout; yield an API key that may send events."""
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
        yield made.stdout.split()[-1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def wait_until_ready(log: Path) -> None:
    for _ in range(600):
        if "Ready" in log.read_text():
            return
        time.sleep(0.2)
    raise SystemExit(log.read_text())


def measure(folder: Path, chosen: argparse.Namespace, key: str) -> None:
    send = Sender(chosen.port, key)
    send([sign_up(number) for number in range(LEARNERS)])
    bodies = [
        [batch(500, seed=1 + client * chosen.batches + at) for at in range(chosen.batches)]
        for client in range(chosen.clients)
    ]
    begun = time.monotonic()
    with ThreadPoolExecutor(chosen.clients) as pool:
        times = sorted(one for some in pool.map(send.all, bodies) for one in some)
    took = time.monotonic() - begun
    late = wait_for_kpis(folder / "kpi.sqlite3")
    print(
        f"{500 * len(times) / took:6,.0f} events/s, a request p50 {statistics.median(times):.2f} s,"
        f" p99 {times[int(0.99 * (len(times) - 1))]:.2f} s, max {times[-1]:.2f} s;"
        f" KPIs {late:.1f} s after the last"
    )


class Sender:
    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key

    def __call__(self, events: list[dict[str, Any]]) -> float:
        """Send a batch; return the seconds that it took."""
        body = json.dumps(events)
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request("POST", "/api/events", body, headers)
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
