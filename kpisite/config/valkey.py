"""The address of the Valkey or Redis server for jobs and the cache."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from kpisite.config.environment import reject, text

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, including a trailing zero
MAX_SOCKET_PATH = 103
TCP_URL = re.compile(r"(?P<server>rediss?://[^/?#\s]+)(?:/(?P<number>\d{1,4}))?/?")
UNIX_URL = re.compile(
    r"(?:unix|redis\+socket)://(?P<server>/[^?#\s]+)(?:\?db=(?P<number>\d{1,4}))?"
)


@dataclass(frozen=True)
class Address:
    """One numbered database of a server; `server` is a URL without its path, or a socket path."""

    server: str
    number: int = 0

    @property
    def is_socket(self) -> bool:
        return self.server.startswith("/")

    def for_django(self) -> str:
        if self.is_socket:
            return f"unix://{self.server}?db={self.number}"
        return f"{self.server}/{self.number}"

    def for_celery(self) -> str:
        if self.is_socket:
            return f"redis+socket://{self.server}?virtual_host={self.number}"
        return f"{self.server}/{self.number}"

    def next(self) -> Address:
        """Return the next database, which holds the cache.

        The cache needs its own, since clearing a Django cache empties the whole database.
        """
        return replace(self, number=self.number + 1)


def socket_path(data_dir: Path) -> Path:
    """Return the socket of the private Valkey of a data folder.

    If the path is too long for a socket, it is in the system's temporary folder instead, in a
    folder named after the user and the data folder.
    """
    beside_data = data_dir / "valkey.sock"
    if len(os.fsencode(beside_data)) <= MAX_SOCKET_PATH:
        return beside_data
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"kpi-{os.getuid()}-{digest}" / "valkey.sock"


def address(name: str, data_dir: Path) -> Address:
    """Read the address from the variable; the default is the private Valkey."""
    url = text(name)
    if not url:
        return Address(str(socket_path(data_dir)))
    match = TCP_URL.fullmatch(url) or UNIX_URL.fullmatch(url)
    if match is None:
        reject(
            name, "like redis://HOST:6379/0, rediss://:PASSWORD@HOST:6380/0 or unix:///PATH?db=0"
        )
    return Address(match["server"], int(match["number"] or 0))
