"""Run the whole product on one machine: `python -m kpisite.launcher.supervise`."""

from __future__ import annotations

import fcntl
import http.client
import os
import shlex
import socket
import stat
import sys
from contextlib import suppress
from functools import partial
from typing import TextIO

from kpisite import disk_space, settings
from kpisite.config import valkey
from kpisite.config.environment import text
from kpisite.launcher import private_valkey
from kpisite.launcher.managed_process import ManagedProcess
from kpisite.launcher.process_group import ProcessGroup

PYTHON = sys.executable
HOST = settings.BIND
WEB = ManagedProcess(
    "web", [PYTHON, "-m", "gunicorn", "--config", "python:kpisite.gunicorn", "kpisite.wsgi"]
)
CELERY = [PYTHON, "-m", "celery", "--app", "kpisite", "--quiet"]
WORKER = ManagedProcess("worker", [*CELERY, "worker", "--without-mingle", "--without-gossip"])
BEAT = ManagedProcess("beat", [*CELERY, "beat", "--pidfile="])


def main() -> None:
    try:
        supervise()
    except OSError as error:
        if not disk_space.is_full(error):
            raise
        sys.exit(disk_space.SENTENCE)


def supervise() -> None:
    os.chdir(settings.BASE_DIR)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")
    keep_to_ourselves()
    with only_supervisor():
        refuse_a_taken_port()
        crew = ProcessGroup()
        try:
            run(crew)
        finally:
            crew.stop()


def run(crew: ProcessGroup) -> None:
    if not text("REDIS_URL"):
        start_private_valkey(crew)
    print("Preparing database and static files …", flush=True)
    if not crew.run([PYTHON, "-m", "kpisite.launcher.prepare"]):
        sys.exit(0 if crew.stop_requests else "The start was given up; the lines above say why.")
    crew.start(WEB)
    if crew.look_after_until(first_page_answers):
        crew.start(WORKER)
        crew.start(BEAT)
        announce()
        crew.look_after_until(lambda: False)
    print("Stopping …")


def keep_to_ourselves() -> None:
    """Keep other users of this machine from reading the data, also in a folder made by others."""
    os.umask(0o077)
    folder = settings.KPI_DATA_DIR
    # /tmp and its like are everybody's, and must stay so
    if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & stat.S_ISVTX:
        folder.chmod(0o700)


def only_supervisor() -> TextIO:
    """Take the lock of the data folder, which is free again when the file closes or we die."""
    lock = (settings.KPI_DATA_DIR / "supervisor.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(
            f"The data folder {settings.KPI_DATA_DIR} is in use by another script/server; "
            "stop that one, or give this one its own by KPI_DATA_DIR and PORT."
        )
    return lock


def refuse_a_taken_port() -> None:
    family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST.strip("[]"), settings.PORT))
        except OSError as error:
            sys.exit(
                f"Port {settings.PORT} of {HOST} cannot be used ({error.strerror}); "
                f"choose another: PORT={settings.PORT % 65_535 + 1} script/server"
            )


def start_private_valkey(crew: ProcessGroup) -> None:
    server = private_valkey.binary()
    if server is None:
        sys.exit(
            "No Valkey or Redis was found: install valkey-server or redis-server, "
            "or give the address of one by REDIS_URL."
        )
    path, folder = valkey.socket_path(settings.KPI_DATA_DIR), settings.KPI_DATA_DIR / "valkey"

    def start_empty() -> None:
        kept = private_valkey.set_aside(folder)
        private_valkey.make_room(path, folder)
        print(
            f"The valkey could not start on its files; they are kept in {kept}, and it starts "
            "empty. No figure is lost: what it carries is found again in the database."
        )

    private_valkey.make_room(path, folder)
    command = private_valkey.command(server, path, folder)
    speaks = partial(private_valkey.speaks, path)
    crew.start(ManagedProcess("valkey", command, answers=speaks, recover=start_empty))
    crew.look_after_until(lambda: private_valkey.answers(path))


def first_page_answers() -> bool:
    host = "127.0.0.1" if HOST == "0.0.0.0" else HOST.strip("[]")  # noqa: S104
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(host, settings.PORT, timeout=30)
        connection.request("GET", "/", headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".")})
        return connection.getresponse().status < 500
    return False


def announce() -> None:
    name = "localhost" if HOST == "127.0.0.1" else HOST
    print(f"\nReady: http://{name}:{settings.PORT}/kpi-dashboard")
    accounts = settings.KPI_DATA_DIR / "demo-accounts.txt"
    if accounts.exists():
        print("Demonstration accounts (role, e-mail address, password):")
        for line in accounts.read_text().splitlines():
            print(f"  {line}")
    elif (settings.KPI_DATA_DIR / "no-account-yet").exists():
        print("There is no account yet. Create the first one, which may do everything:")
        print(
            f"  {same_settings()}.venv/bin/python manage.py create_account staff YOU@example.org "
            "--superuser"
        )
    print("Ctrl-C stops everything.\n")
    sys.stdout.flush()


def same_settings() -> str:
    """Say where the data are, to put before a command, unless they are where it looks itself."""
    is_elsewhere = settings.KPI_DATA_DIR != settings.BASE_DIR / "var"
    return f"KPI_DATA_DIR={shlex.quote(str(settings.KPI_DATA_DIR))} " if is_elsewhere else ""


if __name__ == "__main__":
    main()
