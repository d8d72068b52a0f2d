"""Time how long after its 2xx an event is in the figures, quiet and under full ingest (SQLite).

python -m benchmarks.event_to_screen [--against CHECKOUT] [--clients 4] [--period month]

Each checkout runs like `script/server`, on its own empty data folder. A probe sends one payment
at a time and asks the API for the revenue of its course until it is there, as an open page asks;
the clients send batches of 500 mixed events without a pause.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.ingest import batch, sign_up
from benchmarks.post import HERE, LEARNERS, Sender, server

PATIENCE = 60
PROBE = "probe"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--against", type=Path, help="Compare with another checkout, such as an older one."
    )
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=30, help="How long each part takes.")
    parser.add_argument("--port", type=int, default=5991)
    parser.add_argument("--period", default="month", help="Pages show months by default.")
    chosen = parser.parse_args()
    for checkout in (HERE, chosen.against) if chosen.against else (HERE,):
        with (
            tempfile.TemporaryDirectory() as folder,
            server(checkout, Path(folder), chosen.port) as key,
        ):
            print("here" if checkout == HERE else "against", flush=True)
            measure(chosen, key)


def measure(chosen: argparse.Namespace, key: str) -> None:
    send = Sender(chosen.port, key)
    send([sign_up(number) for number in range(LEARNERS)])
    probe = Probe(chosen, key)
    probe.run(10)  # the first ones make the course and its figures
    report("quiet", probe.run(chosen.seconds))
    stop = threading.Event()
    posts: list[float] = []
    clients = [
        threading.Thread(target=keep_sending, args=(send, number, stop, posts))
        for number in range(chosen.clients)
    ]
    for client in clients:
        client.start()
    begun = time.monotonic()
    late = probe.run(chosen.seconds)
    took = time.monotonic() - begun
    stop.set()
    for client in clients:
        client.join()
    report(f"{chosen.clients} clients", late)
    report("  their POST", posts)
    print(f"  {500 * len(posts) / took:,.0f} events/s")


def keep_sending(send: Sender, number: int, stop: threading.Event, posts: list[float]) -> None:
    seed = 1_000_000 * (number + 1)
    while not stop.is_set():
        seed += 1
        posts.append(send(batch(500, seed=seed)))


def report(what: str, seconds: Sequence[float]) -> None:
    found = sorted(seconds)
    print(
        f"  {what}: {len(found)} times, p50 {statistics.median(found):.2f} s, "
        f"p99 {found[int(0.99 * (len(found) - 1))]:.2f} s, max {found[-1]:.2f} s",
        flush=True,
    )


class Probe:
    """Sends a payment and waits until the revenue of its course was computed with it."""

    def __init__(self, chosen: argparse.Namespace, key: str) -> None:
        self.port, self.period, self.key = chosen.port, chosen.period, key

    def run(self, seconds: float) -> list[float]:
        """Return how long after its 2xx each payment was counted."""
        found, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            found.append(self._once())
            time.sleep(0.2)
        return found

    def _once(self) -> float:
        now = datetime.now(UTC)
        self._ask("POST", "/api/events", json.dumps([payment(now)]))
        begun = time.monotonic()
        day = now.date().isoformat()
        path = f"/api/kpi/business/revenue?course={PROBE}&period={self.period}&from={day}&to={day}"
        # a small group's figure is suppressed; when it was computed is not
        while not self._is_computed(self._ask("GET", path), now):
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"A payment was not counted within {PATIENCE} s.")
            time.sleep(0.02)
        return time.monotonic() - begun

    def _is_computed(self, answer: dict[str, Any], after: datetime) -> bool:
        times = [one["computed_at"] for one in answer.get("series", ()) if one["computed_at"]]
        return any(datetime.fromisoformat(one) > after for one in times)

    def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 404 and method == "GET":
            return {}  # the course has no figures yet
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {text[:500]!r}")
        found: dict[str, Any] = json.loads(text)
        return found


def payment(now: datetime) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "kind": "payment.received",
        "occurred_at": now.isoformat(),
        "learner": "prober",
        "course": PROBE,
        "data": {"amount": 10, "currency": "USD"},
    }


if __name__ == "__main__":
    main()
