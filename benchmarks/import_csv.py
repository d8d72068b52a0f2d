"""Time a CSV through the door, beside the same events received without a file.

python -m benchmarks.import_csv [--rows 100000] [--postgresql] [--profile]
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
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.utils.module_loading import import_string

from benchmarks.databases import new_database
from benchmarks.ingest import LEARNERS, MODULES, START, open_school

clock = time.perf_counter
AT_ONCE = 5_000
Cells = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true", help="Else SQLite.")
    parser.add_argument("--profile", action="store_true", help="Also where the time goes.")
    chosen = parser.parse_args()
    with new_database(is_postgresql=chosen.postgresql), tempfile.TemporaryDirectory() as folder:
        open_school()
        for kind, cells in KINDS.items():
            compare(kind, cells, chosen.rows, Path(folder))
        if chosen.profile:
            profile(chosen.rows, Path(folder))


def compare(kind: str, cells: Callable[[str, int], Cells], rows: int, folder: Path) -> None:
    """Both take events of their own, so neither finds the other's."""
    plain = seconds(lambda: receive_all(kind, cells, rows))
    path = write(folder / f"{kind}.csv", (cells(f"{kind}-file", number) for number in range(rows)))
    filed = seconds(lambda: take_in(kind, path))
    print(
        f"{rows:,} {kind}: file {filed:.1f} s ({rows / filed:,.0f}/s), "
        f"received {plain:.1f} s ({rows / plain:,.0f}/s), ratio {filed / plain:.2f}"
    )


def take_in(kind: str, path: Path) -> None:
    call_command("import_csv", kind, str(path), verbosity=0, stdout=io.StringIO())


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


KINDS = {"content.viewed": viewed, "assessment.graded": graded}


def write(path: Path, rows: Iterator[Cells]) -> Path:
    first = next(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, first)
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    return path


@transaction.atomic
def receive_all(kind: str, cells: Callable[[str, int], Cells], rows: int) -> None:
    receive = import_string("intake.receive.receive")
    sender = import_string("intake.resolve.Sender")("plain")
    for start in range(0, rows, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, rows))
        outcomes = receive([event(kind, cells(f"{kind}-plain", at)) for at in numbers], sender)
        assert {one.status for one in outcomes} == {"accepted"}, outcomes[:3]  # noqa: S101


def event(kind: str, cells: Cells) -> dict[str, Any]:
    data = {"attempt": int, "max": float}
    made: dict[str, Any] = {"kind": kind, **{k: v for k, v in cells.items() if k not in data}}
    if "value" in made:
        made["value"] = float(made["value"])
        made["data"] = {name: read(cells[name]) for name, read in data.items()}
    return made


def profile(rows: int, folder: Path) -> None:
    path = write(folder / "again.csv", (viewed("again", number) for number in range(rows)))
    profiler = cProfile.Profile()
    profiler.runcall(take_in, "content.viewed", path)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(50)


if __name__ == "__main__":
    main()
