"""Time the question “has anything moved?” that every open page asks, at a running product.

python -m benchmarks.live ADDRESS TOKEN [--pages 500] [--seconds 20] [--flat-out]

ADDRESS such as http://localhost:5000; TOKEN is `data-live` of a page that is open there.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import psutil


@dataclass
class Asked:
    """What the pages were answered."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)


@dataclass
class Page:
    """An open page that keeps its connection, as a browser does."""

    host: str
    port: int
    path: str
    asked: Asked
    etag: str = '""'

    async def stay_open(self, until: float, *, is_flat_out: bool) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                pause = await self.ask(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                # the server closes what has been quiet for a while
                reader, writer = await asyncio.open_connection(self.host, self.port)
                continue
            self.asked.note(self.status, time.monotonic() - began)
            if not is_flat_out:
                await asyncio.sleep(pause)
        writer.close()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        """Ask once; returns the seconds after which the server would be asked again."""
        head = (
            f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nIf-None-Match: {self.etag}\r\n\r\n"
        )
        writer.write(head.encode())
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        await reader.readexactly(int(headers.get("Content-Length", "0")))
        self.etag = headers.get("ETag", self.etag)
        return int(headers.get("Live-Again", "1000")) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("address")
    parser.add_argument("token")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--flat-out", action="store_true", help="Ask without any pause.")
    chosen = parser.parse_args()
    place = urlsplit(chosen.address)
    host, port = place.hostname or "localhost", place.port or 80
    asked = Asked()
    path = f"/live?of={quote(chosen.token)}"
    pages = [Page(host, port, path, asked) for _ in range(chosen.pages)]
    server = serving(port)
    before = busy(server)
    began = time.monotonic()
    asyncio.run(open_all(pages, began + chosen.seconds, is_flat_out=chosen.flat_out))
    report(asked, time.monotonic() - began, busy(server) - before)


async def open_all(pages: list[Page], until: float, *, is_flat_out: bool) -> None:
    await asyncio.gather(*(page.stay_open(until, is_flat_out=is_flat_out) for page in pages))


def serving(port: int) -> list[psutil.Process]:
    """The processes that listen at the port; none where another user runs them."""
    return [
        process
        for process in psutil.process_iter()
        if any(
            one.status == psutil.CONN_LISTEN and one.laddr.port == port
            for one in _connections(process)
        )
    ]


def _connections(process: psutil.Process) -> list[Any]:
    try:
        return list(process.net_connections("tcp"))
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return []


def busy(processes: list[psutil.Process]) -> float:
    """Seconds of a processor that these have used so far."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def report(asked: Asked, seconds: float, cpu: float) -> None:
    count = len(asked.seconds)
    slow = statistics.quantiles(asked.seconds, n=100)
    print(f"{count / seconds:7.0f} questions/s, answered {asked.statuses}")
    print(f"{cpu / count * 1e6:7.0f} µs of a processor each, {cpu / seconds:.0%} of one in all")
    print(f"{slow[49] * 1000:7.1f} ms median, {slow[94] * 1000:.1f} ms for 95 %")


if __name__ == "__main__":
    main()
