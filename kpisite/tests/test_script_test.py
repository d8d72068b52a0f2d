"""The result of `script/test`, with a fake Python that only reports success or failure."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.once

PYTHON = """#!/usr/bin/env bash
case "$*" in
  *"$FAILING"*) echo "a test failed"; exit 1 ;;
esac
"""
LINT = """#!/usr/bin/env bash
[ "$FAILING" != lint ]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with the real script/test but nothing to install, check or test."""
    folder = tmp_path / "checkout"
    for name in ("script/test", "script/environment"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(settings.BASE_DIR / name, folder / name)
    for name, text in {"script/lint": LINT, ".venv/bin/python": PYTHON}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).touch()
    return folder


def run(checkout: Path, *, failing: str) -> subprocess.CompletedProcess[str]:
    scratch = checkout.parent / "scratch"
    scratch.mkdir()
    return subprocess.run(
        [checkout / "script" / "test"],
        env={**os.environ, "FAILING": failing, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_succeeds_if_everything_passes(checkout: Path) -> None:
    outcome = run(checkout, failing="nothing")

    assert outcome.stdout.endswith("Everything passed.\n")
    assert outcome.returncode == 0


@pytest.mark.parametrize("failing", ["lint", "--database sqlite", "--database postgres"])
def test_it_fails_if_any_part_fails(checkout: Path, failing: str) -> None:
    outcome = run(checkout, failing=failing)

    assert "Everything passed." not in outcome.stdout
    assert outcome.returncode == 1


def test_it_leaves_nothing_behind(checkout: Path) -> None:
    run(checkout, failing="--database postgres")

    assert not list((checkout.parent / "scratch").iterdir())
