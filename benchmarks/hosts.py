"""Recompute on one worker host and on two, in network namespaces, and kill each host in turn.

python -m benchmarks.hosts [--courses 16] [--quarters 8] [--learners 30]

A database host runs PostgreSQL and Valkey, two worker hosts run one Celery process each; all have
addresses of their own and meet on a bridge. A host is killed as by a power cut: its link goes down
before its processes are killed, so nobody hears of it. What is printed is wall time until every
figure is recomputed from scratch, and whether all figures are those of a single process and each
was written once. Needs root and `ip`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db.models import QuerySet
from django.utils import timezone

from kpisite.launcher import private_valkey
from kpisite.testing import postgres

DATABASE, WORKERS = "kpi-db", ("kpi-w1", "kpi-w2")
NETWORK, PORT = "10.77.0", 6379
ROOT = Path(__file__).resolve().parents[1]
# as docs/scale.md asks for, but faster: a host that vanished is noticed after eight seconds
SERVER = (
    f"listen_addresses={NETWORK}.1",
    "tcp_keepalives_idle=5",
    "tcp_keepalives_interval=1",
    "tcp_keepalives_count=3",
    "tcp_user_timeout=8000",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--courses", type=int, default=16)
    parser.add_argument("--quarters", type=int, default=8)
    parser.add_argument("--learners", type=int, default=30)
    chosen = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("ip") is None:
        sys.exit("Needs root and the program ip to make network namespaces.")
    with tempfile.TemporaryDirectory() as folder, network():
        Path(folder).chmod(0o711)
        with database_host(Path(folder)) as database:
            measure(chosen, Path(folder), database)


@contextmanager
def network() -> Iterator[None]:
    """Make three hosts: namespaces that are connected by a bridge on the database host."""
    hosts = (DATABASE, *WORKERS)
    try:
        for host in hosts:
            run("ip", "netns", "add", host)
            run(*inside(host), "ip", "link", "set", "lo", "up")
        run(*inside(DATABASE), "ip", "link", "add", "bridge", "type", "bridge")
        run(*inside(DATABASE), "ip", "address", "add", f"{NETWORK}.1/24", "dev", "bridge")
        run(*inside(DATABASE), "ip", "link", "set", "bridge", "up")
        for number, host in enumerate(WORKERS, start=2):
            peer = f"to-{host}"
            link = ("ip", "link", "add", "net", "netns", host)
            run(*link, "type", "veth", "peer", "name", peer, "netns", DATABASE)
            run(*inside(DATABASE), "ip", "link", "set", peer, "master", "bridge", "up")
            run(*inside(host), "ip", "address", "add", f"{NETWORK}.{number}/24", "dev", "net")
            run(*inside(host), "ip", "link", "set", "net", "up")
        yield
    finally:
        for host in hosts:
            with suppress(subprocess.CalledProcessError):
                run("ip", "netns", "delete", host)


def inside(host: str) -> list[str]:
    return ["ip", "netns", "exec", host]


def run(*command: str) -> None:
    subprocess.run(command, check=True)


class DatabaseHost:
    """PostgreSQL, which can be killed and started again, and Valkey."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgresql"
        postgres.make(self.folder)
        with (self.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {NETWORK}.0/24 trust\n")
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        return postgres.restart(self.folder, inside=inside(DATABASE), settings=SERVER)

    def kill(self) -> None:
        """Kill the server with its backends, and start it again."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = self.start()


@contextmanager
def database_host(folder: Path) -> Iterator[DatabaseHost]:
    database = DatabaseHost(folder)
    server = private_valkey.binary()
    if server is None:
        sys.exit("Install valkey-server or redis-server.")
    options = ("--bind", f"{NETWORK}.1", "--port", str(PORT), "--protected-mode", "no")
    socket = folder / "valkey.sock"
    valkey = subprocess.Popen(
        [*inside(DATABASE), server, *options, "--unixsocket", str(socket), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    # sockets in folders are reached from every network namespace
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "kpisite.settings",
        "DATABASE_URL": postgres.url_of(database.folder),
        "REDIS_URL": f"unix://{socket}?db=0",
        "SECRET_KEY": "benchmark-" * 6,
        "KPI_DATA_DIR": str(folder),
        "LOG_LEVEL": "ERROR",
    }
    try:
        yield database
    finally:
        valkey.kill()
        database.process.send_signal(signal.SIGINT)
        database.process.wait()


class WorkerHost:
    """A host with a Celery worker of one process."""

    def __init__(self, host: str, folder: Path) -> None:
        self.host = host
        environment = {
            "DATABASE_URL": f"postgres://postgres@{NETWORK}.1/postgres",
            "REDIS_URL": f"redis://{NETWORK}.1:{PORT}/0",
            "WORKER_CONCURRENCY": "1",
            "KPI_DATA_DIR": str(folder / host),
        }
        self.link("up")
        self.process = subprocess.Popen(
            [*inside(host), sys.executable, "-m", "celery", "--app", "kpisite", "worker"],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=(folder / f"{host}.log").open("ab"),
            start_new_session=True,
        )

    def link(self, state: str) -> None:
        run(*inside(DATABASE), "ip", "link", "set", f"to-{self.host}", state)

    def kill(self) -> None:
        self.link("down")
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def measure(chosen: argparse.Namespace, folder: Path, database: DatabaseHost) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from benchmarks import history  # noqa: PLC0415  it needs Django

    rows = history.make(history.Size(chosen.courses, chosen.quarters, chosen.learners))
    print(f"{rows:,} rows of activity in {chosen.courses} courses", flush=True)
    forget()
    alone = timed("this process", take_all)
    scenarios: list[tuple[str, Sequence[str], Callable[[list[WorkerHost]], None]]] = [
        ("one worker host", WORKERS[:1], lambda hosts: None),
        ("two worker hosts", WORKERS, lambda hosts: None),
        ("the first killed", WORKERS, lambda hosts: hosts[0].kill()),
        ("the second killed", WORKERS, lambda hosts: hosts[1].kill()),
        ("database killed", WORKERS, lambda hosts: database.kill()),
    ]
    times = {}
    for name, hosts, disturb in scenarios:
        forget()
        running = [WorkerHost(one, folder) for one in hosts]
        try:
            wait_for_workers(len(hosts))
            found = timed(name, lambda: by_workers(lambda: disturb(running)))  # noqa: B023
        finally:
            for one in running:
                if one.process.poll() is None:
                    one.kill()
        times[name] = found[0]
        is_same = "the same figures, each written once" if found[1:] == alone[1:] else "DIFFERS"
        print(f"{'':20}{is_same}", flush=True)
    print(f"two hosts ÷ one: {times['one worker host'] / times['two worker hosts']:.2f} times")


def timed(name: str, work: Callable[[], int]) -> tuple[float, int, str]:
    """Print and return the seconds, the number of figures written, and a digest of all figures."""
    began = time.monotonic()
    written = work()
    seconds = time.monotonic() - began
    print(f"{name:20}{seconds:7.1f} s, {written:,} figures written", flush=True)
    return seconds, written, digest()


def forget() -> None:
    """Delete all figures, and write what is to be done."""
    from core import fan_out  # noqa: PLC0415
    from curriculum.models import Course  # noqa: PLC0415
    from kpis.models import CompositeMeasurement, Measurement, StaleDay, StalePeriod  # noqa: PLC0415
    from kpis.recompute import from_scratch, shared_recompute  # noqa: PLC0415
    from kpisite.jobs import history_span  # noqa: PLC0415

    for model in (Measurement, CompositeMeasurement, StaleDay, StalePeriod):
        QuerySet(model).delete()
    days = history_span.first_and_last_day(timezone.now())
    options = shared_recompute.options_of(from_scratch.aggregated_indicators(), *days)
    courses = list(Course.objects.values_list("pk", flat=True))
    fan_out.begin(shared_recompute.WORK, [courses, [shared_recompute.SITE]], options)


def wait_for_workers(number: int) -> None:
    """Wait until that many workers listen to Valkey, so that their start is not measured."""
    from django.conf import settings  # noqa: PLC0415
    from redis import Redis  # noqa: PLC0415

    valkey = Redis.from_url(settings.VALKEY.for_django())
    while (
        sum("cmd=brpop" in str(one).replace("': '", "=") for one in valkey.client_list()) < number
    ):
        time.sleep(0.1)


def take_all() -> int:
    from core import fan_out  # noqa: PLC0415
    from kpis.recompute import shared_recompute  # noqa: PLC0415

    while fan_out.take(shared_recompute.WORK):
        pass
    return finished()


def by_workers(disturb: Callable[[], None]) -> int:
    """Let workers do all of it; disturb them once a part is done."""
    from django.db import connection  # noqa: PLC0415

    from core import fan_out  # noqa: PLC0415
    from core.models import WorkItem  # noqa: PLC0415
    from kpis.recompute import shared_recompute  # noqa: PLC0415

    fan_out.invite(shared_recompute.WORK)
    left, is_disturbed = WorkItem.objects.filter(done_at=None), False
    while number := left.count():
        if not is_disturbed and number < 0.7 * WorkItem.objects.count():
            disturb()
            # the database may have been restarted
            connection.close()
            is_disturbed = True
        time.sleep(0.05)
    return finished()


def finished() -> int:
    """Recompute what of the site is left, and return how many figures were written in all."""
    from core.models import WorkItem  # noqa: PLC0415
    from kpis.recompute import recompute_stale  # noqa: PLC0415

    written = recompute_stale.recompute_stale(waits=True)
    results = WorkItem.objects.values_list("result", flat=True)
    return written + sum(int(one.get("written", 0)) for one in results)


def digest() -> str:
    """Return a digest of all figures, without their ids and times, to nine digits.

    In which order fractions are added, and so the last of 16 digits, is up to PostgreSQL.
    """
    from kpis.models import CompositeMeasurement, Measurement  # noqa: PLC0415

    found = hashlib.sha256()
    place = ("kpi", "scope", "scope_id", "period_kind", "period_start")
    for model in (Measurement, CompositeMeasurement):
        rows: QuerySet[Any] = QuerySet(model).order_by(*place).values_list(*place, *model.SUMS)
        for row in rows.iterator():
            found.update(repr([f"{x:.9g}" if isinstance(x, float) else x for x in row]).encode())
    return found.hexdigest()


if __name__ == "__main__":
    main()
