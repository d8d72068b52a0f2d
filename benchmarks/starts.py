"""Time the first and the second start, and add up the memory after a fixed load (SQLite).

python -m benchmarks.starts [--against CHECKOUT] [--port 5990]

Each checkout runs like `script/server` in an empty data folder of its own, with the demonstration.
Prints, for each start, the seconds until the first page and the CPU seconds of all processes until
then; the same until the demonstration is complete; and the memory of all processes after the
second start and after a load, as the sum of their proportional set sizes (PSS: shared pages once).
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from benchmarks.ingest import batch, sign_up
from benchmarks.post import LEARNERS, Sender, wait_for_kpis

HERE = Path(__file__).resolve().parents[1]
CLIENTS, BATCHES, SIZE = 4, 10, 500
SETTLE_SECONDS = 3
# what the children of the supervisor are, by words of their command lines
PARTS = ("gunicorn", "worker", "beat", "valkey-server")


@dataclass(frozen=True)
class Site:
    """A checkout and the data folder and port on which it runs."""

    checkout: Path
    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "KPI_DATA_DIR": str(self.folder), "PORT": str(self.port), "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(self.checkout),
        }  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[psutil.Process]:
        with (self.folder / "server.log").open("w") as log:
            process = psutil.Popen(
                [sys.executable, "-m", "kpisite.launcher.start_product"],
                cwd=self.checkout,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
            try:
                yield process
            finally:
                process.send_signal(signal.SIGINT)
                process.wait()

    def answers(self, path: str) -> bool:
        page = f"http://localhost:{self.port}{path}"
        with suppress(URLError, OSError), urlopen(page, timeout=30) as answer:
            return bool(answer.status == 200)
        return False

    def shows_a_page(self) -> bool:
        return self.answers("/kpi-dashboard")

    def is_healthy(self) -> bool:
        return self.answers("/health")

    def is_demonstration_complete(self) -> bool:
        """Return whether there are accounts (once the last step) and no step is left (now)."""
        if (self.folder / "demonstration-loading").exists():
            return False
        with (
            suppress(sqlite3.OperationalError),
            sqlite3.connect(self.folder / "kpi.sqlite3", timeout=30) as connection,
        ):
            return bool(connection.execute("SELECT 1 FROM accounts_user").fetchone())
        return False

    def create_key(self) -> str:
        made = subprocess.run(
            [sys.executable, "manage.py", "create_api_key", "bench", "--create-unknown",
             "--scope", "events:write"],
            cwd=self.checkout, env=self.environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return made.stdout.split()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--against", type=Path, help="Compare with another checkout, such as an older one."
    )
    parser.add_argument("--port", type=int, default=5990)
    chosen = parser.parse_args()
    checkouts = [HERE] + ([chosen.against.resolve()] if chosen.against else [])
    found = [measure(one, chosen.port) for one in checkouts]
    for name, value in found[0].items():
        line = f"{name:<44} {value:8.1f}"
        if len(found) > 1:
            line += f" {found[1][name]:8.1f}  ratio {value / found[1][name]:.2f}"
        print(line)


def measure(checkout: Path, port: int) -> dict[str, float]:
    """Return what was measured by its name, in seconds and MB."""
    found: dict[str, float] = {}
    # the path of a socket must be short
    with tempfile.TemporaryDirectory(prefix="kpi-") as folder:
        site = Site(checkout, Path(folder), port)
        with site.running() as process:
            timed(found, "first start, page", process, site.shows_a_page)
            timed(found, "first start, demonstration", process, site.is_demonstration_complete)
            wait(site.is_healthy)
        with site.running() as process:
            timed(found, "second start, page", process, site.shows_a_page)
            wait(site.is_healthy)
            time.sleep(SETTLE_SECONDS)
            weigh(found, "second start", process)
            load(site)
            weigh(found, "after the load", process)
    return found


def timed(
    found: dict[str, float], name: str, process: psutil.Process, is_so: Callable[[], bool]
) -> None:
    wait(is_so)
    found[f"{name}: seconds"] = time.time() - process.create_time()
    found[f"{name}: CPU seconds"] = sum(map(cpu_seconds, family(process)))


def wait(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.05)


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and of its children that have ended."""
    return float(sum(process.cpu_times()[:4]))


def weigh(found: dict[str, float], name: str, process: psutil.Process) -> None:
    parts: dict[str, float] = {"all": 0.0}
    for one in family(process):
        command = " ".join(one.cmdline())
        part = next((each for each in PARTS if each in command), "supervisor")
        parts[part] = parts.get(part, 0.0) + pss(one)
        parts["all"] += pss(one)
    found.update({f"{name}: MB of {part}": value for part, value in parts.items()})


def pss(process: psutil.Process) -> float:
    """Return the proportional set size of a process in MB."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) / 1024  # type: ignore[index]


def load(site: Site) -> None:
    """Send batches from several clients, and wait until the figures are up to date."""
    send = Sender(site.port, site.create_key())
    send([sign_up(number) for number in range(LEARNERS)])
    bodies = [
        [batch(SIZE, seed=1 + client * BATCHES + at) for at in range(BATCHES)]
        for client in range(CLIENTS)
    ]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send.all, bodies))
    wait_for_kpis(site.folder / "kpi.sqlite3")


if __name__ == "__main__":
    main()
