"""The documents name files, modules and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)
PAGES = sorted(
    one.relative_to(ROOT)
    for place in (".", "docs", "docs/decisions")
    for one in (ROOT / place).glob("*.md")
)
# `kpis/recompute/stale_days.py`, `alerts/`, `templates/base.html`, but no pattern and no URL
NAMED = re.compile(r"`((?:[a-z_]+/)+(?:[\w.-]+\.(?:py|html|js|css|md|sh))?)`")


def named_in(page: Path) -> set[str]:
    folders = {one.name for one in ROOT.iterdir() if one.is_dir()}
    found = NAMED.findall((ROOT / page).read_text())
    return {one for one in found if one.partition("/")[0] in folders - {"var"}}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_names_files_that_exist(page: Path) -> None:
    assert [one for one in sorted(named_in(page)) if not (ROOT / one).exists()] == []


def test_the_architecture_names_files() -> None:
    assert len(named_in(Path("docs/architecture.md"))) > 20
