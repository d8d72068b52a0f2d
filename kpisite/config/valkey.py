"""Addresses of the Redis or Valkey that carries jobs and cache."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from kpisite.config.environment import refuse, text

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, each with a closing zero.
LONGEST_SOCKET_PATH = 103
TCP_URL = re.compile(r"(?P<server>rediss?://[^/?#\s]+)(?:/(?P<number>\d{1,4}))?/?")
UNIX_URL = re.compile(
    r"(?:unix|redis\+socket)://(?P<server>/[^?#\s]+)(?:\?db=(?P<number>\d{1,4}))?"
)


@dataclass(frozen=True)
class Address:
    """One numbered database of a server, which is a URL up to its path or a socket's path."""

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
        """Return the database after this one.

        The cache lives there, since clearing a Django cache empties its whole database.
        """
        return replace(self, number=self.number + 1)


def socket_path(data_dir: Path) -> Path:
    """Return where the private Valkey of a data folder listens.

    A folder whose path is too long for a socket gets a short one under the system's
    temporary folder, named for the user and the data folder.
    """
    beside_data = data_dir / "valkey.sock"
    if len(os.fsencode(beside_data)) <= LONGEST_SOCKET_PATH:
        return beside_data
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"kpi-{os.getuid()}-{digest}" / "valkey.sock"


def address(name: str, data_dir: Path) -> Address:
    """Return the address that the variable gives, else that of the private Valkey."""
    url = text(name)
    if not url:
        return Address(str(socket_path(data_dir)))
    match = TCP_URL.fullmatch(url) or UNIX_URL.fullmatch(url)
    if match is None:
        refuse(
            name, "like redis://HOST:6379/0, rediss://:PASSWORD@HOST:6380/0 or unix:///PATH?db=0"
        )
    return Address(match["server"], int(match["number"] or 0))
