from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from kpisite.tests.product import (
    PARTS,
    Product,
    all_gone,
    clean_environment,
    free_port,
    is_gone,
    wait_until,
)

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def prepared_folder() -> Iterator[Path]:
    """Migrate once for all the products of these tests."""
    with tempfile.TemporaryDirectory(prefix="kpi-") as folder:
        subprocess.run(
            [sys.executable, "-m", "kpisite.launcher.prepare"],
            cwd=settings.BASE_DIR,
            env=clean_environment(KPI_DATA_DIR=folder, KPI_DEMO="no"),
            check=True,
        )
        yield Path(folder)


@contextmanager
def copied(prepared_folder: Path) -> Iterator[Product]:
    # the path of a socket must be short, and pytest's own folders are not
    with tempfile.TemporaryDirectory(prefix="kpi-") as folder:
        shutil.copytree(prepared_folder, folder, dirs_exist_ok=True)
        # as if somebody else had created it
        Path(folder).chmod(0o755)
        product = Product(Path(folder), free_port())
        yield product
        if product.process and product.process.poll() is None:
            product.process.send_signal(signal.SIGTERM)
            product.process.wait(timeout=30)


@pytest.fixture
def product(prepared_folder: Path) -> Iterator[Product]:
    with copied(prepared_folder) as product:
        yield product


@pytest.fixture
def running(product: Product) -> Product:
    product.start()
    assert wait_until(product.is_complete), product.log()
    return product


@pytest.fixture(scope="module")
def lasting(prepared_folder: Path) -> Iterator[Product]:
    """Return a running product shared by the tests that leave it as it was."""
    with copied(prepared_folder) as product:
        product.start()
        assert wait_until(product.is_complete), product.log()
        yield product


def test_ctrl_c_stops_everything_in_a_few_seconds(running: Product) -> None:
    family, process = running.family(), running.process
    assert process
    process.send_signal(signal.SIGINT)
    status = process.wait(timeout=10)

    assert status == 0
    assert all_gone(family)


def test_a_second_start_on_the_same_data_folder_is_refused(lasting: Product) -> None:
    second = Product(lasting.folder, free_port()).start()

    assert second.wait(timeout=20) == 1
    assert lasting.log().rstrip().splitlines()[-1].startswith(f"The data folder {lasting.folder}")
    assert lasting.is_healthy()


def test_a_port_in_use_is_reported_before_anything_starts(product: Product) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", product.port))
        other.listen()

        assert product.start().wait(timeout=20) == 1

    assert product.log().startswith(f"Cannot use port {product.port} of 127.0.0.1")
    assert product.log().count("\n") == 1
    assert not (product.folder / "valkey").exists()


def test_other_users_of_the_machine_cannot_read_the_data(lasting: Product) -> None:
    made = [lasting.folder, lasting.folder / "supervisor.lock"]

    assert not any(path.stat().st_mode & 0o077 for path in made)


def test_a_site_without_accounts_prints_how_to_create_one(lasting: Product) -> None:
    (line,) = (line for line in lasting.log().splitlines() if "create_account" in line)

    assert line == (
        f"  KPI_DATA_DIR={lasting.folder} PORT={lasting.port} .venv/bin/python manage.py "
        "create_account staff YOU@example.org --superuser"
    )


def test_killed_processes_are_restarted(lasting: Product) -> None:
    before = {name: lasting.part(name) for name in PARTS}
    for child in before.values():
        child.kill()

    assert all_gone(before.values())
    assert wait_until(lasting.is_complete), lasting.log()
    assert all(lasting.part(name).pid != before[name].pid for name in PARTS)


def test_a_killed_supervisor_leaves_no_orphans_and_starts_again(running: Product) -> None:
    family = running.family()
    assert running.process
    running.process.kill()
    running.process.wait()

    assert all_gone(family)
    running.start()
    assert wait_until(running.is_complete), running.log()


@pytest.mark.parametrize("kind", ["damaged", "no folder"])
def test_files_that_valkey_cannot_read_are_moved_aside(product: Product, kind: str) -> None:
    files = product.folder / "valkey" / "appendonlydir"
    files.parent.mkdir()
    if kind == "damaged":
        files.mkdir()
        (files / "appendonly.aof.manifest").write_text("no manifest\n")
    else:
        files.write_text("not a folder")
    product.start()

    assert wait_until(product.is_complete), product.log()
    assert (product.folder / "valkey-damaged" / "appendonlydir").exists()
    assert "They were moved to" in product.log()


def damage(folder: Path) -> None:
    """Overwrite Valkey's log with text that is not a command."""
    for path in (folder / "appendonlydir").glob("*.incr.aof"):
        path.write_bytes(b"!damaged!" * 100)


def test_a_valkey_damaged_twice_under_a_running_site_restarts_empty_twice(
    running: Product,
) -> None:
    for times in (1, 2):
        damage(running.folder / "valkey")
        running.part("valkey").kill()
        assert wait_until(lambda: running.log().count("it starts empty") == times), running.log()  # noqa: B023
        assert wait_until(running.is_complete), running.log()
        assert list((running.folder / "valkey-damaged").rglob("*.incr.aof"))


def test_a_deleted_socket_is_noticed_and_recreated(lasting: Product) -> None:
    (lasting.folder / "valkey.sock").unlink()

    assert wait_until(lambda: "valkey is running but not responding" in lasting.log(), seconds=30)
    assert wait_until(lasting.is_complete), lasting.log()


def test_a_hanging_valkey_is_restarted(running: Product) -> None:
    before = running.part("valkey")
    before.suspend()

    assert all_gone([before]) or wait_until(lambda: is_gone(before), seconds=60)
    assert wait_until(running.is_complete), running.log()


FAILS = """
import sys
from kpisite.launcher.managed_process import ManagedProcess as Child
from kpisite.launcher.keep_running import ProcessGroup
processes = ProcessGroup()
processes.start(Child("poor", [sys.executable, "-c", "print('no luck', flush=True); exit(1)"]))
processes.keep_running_until(lambda: False)
"""


def run_supervisor(program: str) -> subprocess.CompletedProcess[str]:
    """Run a supervisor of one child to its end."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_program_that_cannot_start_stops_the_product_with_a_message() -> None:
    done = run_supervisor(FAILS)

    assert done.returncode == 1
    assert done.stdout.count("poor   | no luck") == 6
    assert "poor failed to start 6 times" in done.stderr


KILLED = """
import sys
from kpisite.launcher import managed_process
from kpisite.launcher.keep_running import ProcessGroup
managed_process.MAX_PAUSE_SECONDS = 0.1
processes = ProcessGroup()
kill_itself = "import os; os.kill(os.getpid(), 9)"
dying = managed_process.ManagedProcess("often", [sys.executable, "-c", kill_itself])
processes.start(dying)
processes.keep_running_until(lambda: dying.early_exits > 6)
print("goes on")
"""


def test_a_program_that_is_killed_repeatedly_stops_nothing() -> None:
    done = run_supervisor(KILLED)

    assert done.returncode == 0
    assert done.stdout.endswith("goes on\n")


LOADS = """
import threading
from django.db import connections
from kpisite.launcher import start_product
start_product.load_product()
assert threading.active_count() == 1
assert all(one.connection is None for one in connections.all())
"""


def test_what_is_shared_by_forks_has_no_threads_and_no_connections() -> None:
    given = {"DJANGO_SETTINGS_MODULE": "kpisite.settings", "KPI_DATA_DIR": settings.KPI_DATA_DIR}
    done = subprocess.run(
        [sys.executable, "-c", LOADS],
        cwd=settings.BASE_DIR,
        env=clean_environment(**{name: str(value) for name, value in given.items()}),
        check=False,
    )

    assert done.returncode == 0
