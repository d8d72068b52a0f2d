"""Time the import of a CSV, compared with receiving the same events without a file.

python -m benchmarks.import_csv [--rows 100000] [--kind KIND] [--postgresql] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import io
import pstats
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.utils.module_loading import import_string

from benchmarks.ingest import LEARNERS, MODULES, START, school

clock = time.process_time
AT_ONCE = 5_000
Cells = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true", help="The default is SQLite.")
    parser.add_argument("--kind", action="append", choices=KINDS, help="The default is all kinds.")
    parser.add_argument("--profile", action="store_true", help="Show a profile as well.")
    chosen = parser.parse_args()
    with school(is_postgresql=chosen.postgresql), tempfile.TemporaryDirectory() as folder:
        for kind in chosen.kind or KINDS:
            compare(kind, chosen.rows, Path(folder))
            if chosen.profile:
                profile(kind, chosen.rows, Path(folder))


def compare(kind: str, rows: int, folder: Path) -> None:
    """Import and receive different events, so that neither finds duplicates."""
    plain = seconds(lambda: receive_all(kind, rows))
    path = write(folder / f"{kind}.csv", cells_of(kind, "file", rows))
    filed = seconds(lambda: import_file(kind, path))
    print(
        f"{rows:,} {kind}: file {filed:.1f} s ({rows / filed:,.0f}/s), "
        f"received {plain:.1f} s ({rows / plain:,.0f}/s), ratio {filed / plain:.2f}"
    )


def import_file(kind: str, path: Path) -> None:
    call_command("import_csv", kind, str(path), verbosity=0, stdout=io.StringIO())


def cells_of(kind: str, prefix: str, rows: int) -> Iterator[Cells]:
    return (KINDS[kind](f"{kind}-{prefix}", number) for number in range(rows))


def seconds(work: Callable[[], Any]) -> float:
    began = clock()
    work()
    return clock() - began


def graded(prefix: str, number: int) -> Cells:
    return {
        **happened(prefix, number),
        "object": f"exam-{number % MODULES}",
        "value": str(number % 101),
        "attempt": str(1 + number // (LEARNERS * MODULES)),
        "max": "100",
    }


def viewed(prefix: str, number: int) -> Cells:
    return {**happened(prefix, number), "object": f"page-{number % 50}"}


def happened(prefix: str, number: int) -> Cells:
    return {
        "id": f"{prefix}-{number}",
        "occurred_at": (START + timedelta(days=1, minutes=number)).isoformat(),
        "learner": f"learner-{number % LEARNERS}",
        "course": "py",
        "module": f"m{1 + number % MODULES}",
    }


def paid(prefix: str, number: int) -> Cells:
    return {**without_module(prefix, number), "amount": f"{number % 400 + 1}.50", "currency": "USD"}


def answered(prefix: str, number: int) -> Cells:
    return {
        **without_module(prefix, number),
        "survey": "end",
        "wave": f"{prefix}-{number // LEARNERS}",
        "nps": str(number % 11),
        "csat": str(1 + number % 5),
    }


def without_module(prefix: str, number: int) -> Cells:
    cells = happened(prefix, number)
    del cells["module"]
    return cells


KINDS = {
    "content.viewed": viewed,
    "assessment.graded": graded,
    "payment.received": paid,
    "survey.answered": answered,
}
# the fields of `data` and their types
DATA: dict[str, Callable[[str], Any]] = {
    "attempt": int, "max": float, "amount": str, "currency": str,
    "survey": str, "wave": str, "nps": int, "csat": int,
}  # fmt: skip


def write(path: Path, rows: Iterator[Cells]) -> Path:
    first = next(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, first)
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    return path


@transaction.atomic
def receive_all(kind: str, rows: int) -> None:
    receive = import_string("intake.receiving.receive.receive")
    sender = import_string("intake.events.senders.Sender")("plain")
    events = (event(kind, cells) for cells in cells_of(kind, "plain", rows))
    while some := list(islice(events, AT_ONCE)):
        outcomes = receive(some, sender)
        assert {one.status for one in outcomes} == {"accepted"}, outcomes[:3]  # noqa: S101


def event(kind: str, cells: Cells) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": kind}
    made |= {name: cell for name, cell in cells.items() if name not in DATA}
    if "value" in made:
        made["value"] = float(made["value"])
    made["data"] = {name: read(cells[name]) for name, read in DATA.items() if name in cells}
    return made


def profile(kind: str, rows: int, folder: Path) -> None:
    path = write(folder / "again.csv", cells_of(kind, "again", rows))
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(import_file, kind, path)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)


if __name__ == "__main__":
    main()
