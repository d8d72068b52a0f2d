"""Run the whole product on one machine: `python -m kpisite.launcher.start_product`."""

from __future__ import annotations

import fcntl
import gc
import http.client
import os
import shlex
import socket
import stat
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TextIO

import django
from celery import current_app
from django.template import engines
from django.urls import get_resolver

from kpisite import disk_space, settings
from kpisite.config import valkey
from kpisite.config.environment import text
from kpisite.launcher import private_valkey
from kpisite.launcher.forks import share_memory
from kpisite.launcher.keep_running import ProcessGroup
from kpisite.launcher.managed_process import ManagedProcess

HOST = settings.BIND
# what the programs would otherwise load each for itself
SHARED = (
    *("celery.bin.celery", "celery.apps.beat", "celery.apps.worker", "kombu.transport.redis"),
    *("gunicorn.arbiter", "gunicorn.workers.gthread"),
)
WEB = ManagedProcess(
    "web", ["gunicorn", "--config", "python:kpisite.gunicorn", "kpisite.wsgi"], is_fork=True
)
CELERY = ["celery", "--app", "kpisite", "--quiet"]
WORKER = ManagedProcess(
    "worker", [*CELERY, "worker", "--without-mingle", "--without-gossip"], is_fork=True
)
BEAT = ManagedProcess("beat", [*CELERY, "beat", "--pidfile="], is_fork=True)

LOADING_ATTEMPTS = 3


def main() -> None:
    try:
        supervise()
    except OSError as error:
        if not disk_space.is_full(error):
            raise
        sys.exit(disk_space.DISK_FULL)


def supervise() -> None:
    os.chdir(settings.BASE_DIR)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")
    make_private()
    with only_supervisor():
        require_free_port()
        processes = ProcessGroup()
        try:
            run(processes)
        finally:
            processes.stop()


def run(processes: ProcessGroup) -> None:
    if not text("REDIS_URL"):
        start_private_valkey(processes)
    print("Preparing the database and static files …", flush=True)
    load_product()
    if not processes.run("kpisite.launcher.prepare"):
        failed = "The start failed; see the messages above for the reason."
        sys.exit(0 if processes.stop_requests else failed)
    processes.start(WEB)
    if processes.keep_running_until(is_serving_pages):
        print_address()
        complete_demonstration(processes)
    if not processes.stop_requests:
        processes.start(WORKER)
        processes.start(BEAT)
        processes.keep_running_until(lambda: False)
    print("Stopping …")


def load_product() -> None:
    """Load what all programs share before they are forked; this starts no thread."""
    # a collection during the imports finds nothing to free
    gc.disable()
    for module in SHARED:
        import_module(module)
    django.setup()
    # all views, what all templates use, and all tasks
    _ = get_resolver().url_patterns
    _ = engines["django"].engine.template_context_processors  # type: ignore[attr-defined]
    current_app.loader.import_default_modules()
    gc.enable()
    share_memory()


def make_private() -> None:
    """Keep other users of this machine from reading the data, even in an existing folder."""
    os.umask(0o077)
    folder = settings.KPI_DATA_DIR
    # shared folders such as /tmp must stay open to everybody
    if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & stat.S_ISVTX:
        folder.chmod(0o700)


def only_supervisor() -> TextIO:
    """Lock the data folder until the returned file is closed or this process ends."""
    lock = (settings.KPI_DATA_DIR / "supervisor.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(
            f"The data folder {settings.KPI_DATA_DIR} is in use by another script/server. "
            "Stop that one, or set KPI_DATA_DIR and PORT to run a second one."
        )
    return lock


def require_free_port() -> None:
    family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST.strip("[]"), settings.PORT))
        except OSError as error:
            sys.exit(
                f"Cannot use port {settings.PORT} of {HOST} ({error.strerror}). "
                f"Choose another one: PORT={settings.PORT % 65_535 + 1} script/server"
            )


def start_private_valkey(processes: ProcessGroup) -> None:
    server = private_valkey.binary()
    if server is None:
        sys.exit(
            "Neither Valkey nor Redis was found. Install valkey-server or redis-server, "
            "or set REDIS_URL to the address of one."
        )
    path, folder = valkey.socket_path(settings.KPI_DATA_DIR), settings.KPI_DATA_DIR / "valkey"

    def start_empty() -> None:
        kept = private_valkey.set_aside(folder)
        private_valkey.prepare_folder(path, folder)
        print(
            f"valkey could not read its files. They were moved to {kept}, and it starts empty. "
            "No figures are lost: pending work is found again in the database."
        )

    private_valkey.prepare_folder(path, folder)
    command = private_valkey.command(server, path, folder)
    responds = partial(private_valkey.responds, path)
    processes.start(ManagedProcess("valkey", command, answers=responds, recover=start_empty))
    processes.keep_running_until(lambda: private_valkey.is_ready(path))


def is_serving_pages() -> bool:
    host = "127.0.0.1" if HOST == "0.0.0.0" else HOST.strip("[]")  # noqa: S104
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(host, settings.PORT, timeout=30)
        connection.request("GET", "/", headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".")})
        return connection.getresponse().status < 500
    return False


def complete_demonstration(processes: ProcessGroup) -> None:
    """Load the rest of the demonstration while pages are served.

    The worker waits: alerts must not be evaluated before all events are there.
    """
    marker = settings.KPI_DATA_DIR / "demonstration-loading"
    for _ in range(LOADING_ATTEMPTS):
        if not marker.exists() or processes.stop_requests:
            return
        if processes.run("django", "load_demo"):
            print("The demonstration is complete.\n", flush=True)
    if marker.exists() and not processes.stop_requests:
        print("The demonstration is incomplete; the next start tries again.\n", flush=True)


def print_address() -> None:
    name = "localhost" if HOST == "127.0.0.1" else HOST
    print(f"\nReady: http://{name}:{settings.PORT}/kpi-dashboard")
    accounts = settings.KPI_DATA_DIR / "demo-accounts.txt"
    if accounts.exists():
        print("Demonstration accounts (role, e-mail address, password):")
        for line in accounts.read_text().splitlines():
            print(f"  {line}")
    elif (settings.KPI_DATA_DIR / "no-account-yet").exists():
        print("There is no account yet. Create the first one, with all permissions:")
        print(
            f"  {own_settings()}.venv/bin/python manage.py create_account staff YOU@example.org "
            "--superuser"
        )
    print("Press Ctrl-C to stop everything.\n")
    sys.stdout.flush()


def own_settings() -> str:
    """Return what to put before a command: its data folder, and the port for links it prints."""
    folder, port = settings.KPI_DATA_DIR, settings.PORT
    changed = {
        "KPI_DATA_DIR": "" if folder == settings.BASE_DIR / "var" else shlex.quote(str(folder)),
        "PORT": "" if port == 5000 else str(port),
    }
    return "".join(f"{name}={value} " for name, value in changed.items() if value)


if __name__ == "__main__":
    main()
