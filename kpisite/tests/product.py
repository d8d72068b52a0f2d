"""Run the whole product in a folder of its own, as script/server does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil
from django.conf import settings

PARTS = {"web": "gunicorn", "worker": "worker", "beat": "beat", "valkey": "valkey-server"}


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def wait_until(is_so: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def clean_environment(**given: str) -> dict[str, str]:
    """Return an environment without the variables of the test run, except the search path."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | given


def is_gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def all_gone(processes: Iterable[psutil.Process]) -> bool:
    return wait_until(lambda: all(map(is_gone, processes)), seconds=3)


@dataclass
class Product:
    """A complete running product in a folder of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        given = {"KPI_DATA_DIR": str(self.folder), "PORT": str(self.port), "KPI_DEMO": "no"}
        log = self.folder / "log"
        with log.open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kpisite.launcher.start_product"],
                cwd=settings.BASE_DIR,
                env=clean_environment(**given),
                stdout=output,
                stderr=output,
                text=True,
            )
        return self.process

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def is_healthy(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (HTTPError, URLError, OSError):
            return False

    def is_complete(self) -> bool:
        """Return whether all processes run: 1 + 2 web, 1 + 2 worker, beat and valkey."""
        return self.is_healthy() and len(self.family()) == 8

    def family(self) -> list[psutil.Process]:
        assert self.process
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def part(self, name: str) -> psutil.Process:
        assert self.process
        return next(
            child
            for child in psutil.Process(self.process.pid).children()
            if PARTS[name] in " ".join(child.cmdline())
        )
