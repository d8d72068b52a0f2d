"""Time how soon figures follow one file of subscriptions that go back to 1997 (SQLite).

python -m benchmarks.subscription_history [--against CHECKOUT] [--customers 23570] [--share 1.0]

The file holds 55,379 one-month purchases of 23,570 customers, each with a start and an end, in no
order, received in batches of 5,000; answers to a survey follow it. What is printed is how long
receiving and recomputing take, and when the first figure of the survey and the last figure of all
are stored. With --against the same is measured on another checkout, and the ratio printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PURCHASES, CUSTOMERS, BATCH = 55_379, 23_570, 5_000
BEGIN, DAYS = datetime(1997, 1, 1, tzinfo=UTC), 546
MONTH = timedelta(days=30)
ANSWERS, ANSWERED = 200, datetime(2026, 3, 10, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OWN = Path(__file__).resolve()
TIMES = ("received", "survey", "last", "cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", type=Path, help="Another checkout, such as an older one.")
    parser.add_argument("--share", type=float, default=1.0, help="A share of all purchases.")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen.share)))
        return
    here = report("here", OWN.parents[1], chosen.share)
    if chosen.against:
        other = report("against", chosen.against, chosen.share)
        ratios = ", ".join(f"{name} {here[name] / other[name]:.4f}" for name in TIMES)
        same = "same figures" if here["figures"] == other["figures"] else "DIFFERENT FIGURES"
        print(f"here ÷ against: {ratios}; {same}")


def report(name: str, checkout: Path, share: float) -> dict[str, Any]:
    """Measure in a process of its own, with the code of a checkout and a new database."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(OWN), "--one", "--share", str(share)],
            env=os.environ
            | {"PYTHONPATH": str(checkout), "KPI_DATA_DIR": folder, "LOG_LEVEL": "ERROR"},
            cwd=checkout,
            check=True,
            stdout=subprocess.PIPE,
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{name:8} received in {found['received']:.1f} s; first figure of the survey after "
        f"{found['survey']:.2f} s, last figure after {found['last']:.1f} s "
        f"({found['cpu']:.1f} s CPU); {found['rows']:,} figures",
        flush=True,
    )
    return found


def measured(share: float) -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "kpisite.settings"
    import django  # noqa: PLC0415  (of the checkout that is measured)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    from core.database import query_planner  # noqa: PLC0415
    from kpis.recompute import recompute_stale  # noqa: PLC0415
    from kpis.signals import measurements_committed  # noqa: PLC0415

    received = receive_all(share)
    query_planner.analyze_all()
    begun, cpu = time.perf_counter(), time.process_time()
    committed: dict[str, float] = {}

    def note(changed: Any, **more: Any) -> None:
        for one in changed:
            committed.setdefault(one.category, time.perf_counter() - begun)

    measurements_committed.connect(note)
    recompute_stale.recompute_stale(now=NOW)
    rows = figures()
    return {
        "received": received,
        "survey": committed["outcome"],
        "last": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "rows": len(rows),
        "figures": hashlib.sha256("\n".join(rows).encode()).hexdigest(),
    }


def receive_all(share: float) -> float:
    """Receive the file and the answers after it; return the seconds."""
    from intake.events.senders import Sender  # noqa: PLC0415
    from intake.receiving.receive import receive  # noqa: PLC0415

    sender = Sender("shop", creates_unknown=True)
    file, begun = subscriptions(share), time.perf_counter()
    for batch in [*(file[at : at + BATCH] for at in range(0, len(file), BATCH)), list(answers())]:
        reasons = [one.reason for one in receive(batch, sender, now=NOW) if one.reason]
        if reasons:
            raise SystemExit(reasons[0])
    return time.perf_counter() - begun


def subscriptions(share: float) -> list[dict[str, Any]]:
    chance = random.Random(1)  # noqa: S311
    events: list[dict[str, Any]] = []
    for number in range(int(PURCHASES * share)):
        key = f"s{number}"
        start = BEGIN + timedelta(seconds=chance.randrange(DAYS * 86_400))
        customer = f"c{chance.randrange(int(CUSTOMERS * share))}"
        buyer = {"customer": {"key": customer, "kind": "learner"}, "kind": "purchase"}
        ids = {"subscription": key}
        events.append(event(f"{key}-1", "subscription.started", start, ids | buyer))
        events.append(event(f"{key}-2", "subscription.finished", start + MONTH, ids))
    chance.shuffle(events)
    return events


def answers() -> Iterator[dict[str, Any]]:
    for number in range(ANSWERS):
        who, data = {"learner": f"l{number}"}, {"survey": "end", "wave": "spring"}
        yield event(f"e{number}", "enrollment.started", ANSWERED, {}) | who | {"run": "r"}
        at = ANSWERED + timedelta(hours=1)
        yield event(f"a{number}", "survey.answered", at, data | {"nps": number % 11}) | who


def event(key: str, kind: str, at: datetime, data: Any) -> dict[str, Any]:
    moment = at.isoformat()
    return {"id": key, "kind": kind, "occurred_at": moment, "course": "cds", "data": data}


def figures() -> list[str]:
    """Return all sums that are not empty, as sorted text."""
    from kpis.models import Measurement  # noqa: PLC0415

    columns = ("kpi", "scope", "scope_id", "period_kind", "period_start", "n", "total", "weight")
    rows = Measurement.objects.filter(n__gt=0).order_by().values_list(*columns, "learners")
    return sorted(" ".join(str(value) for value in row) for row in rows)


if __name__ == "__main__":
    main()
