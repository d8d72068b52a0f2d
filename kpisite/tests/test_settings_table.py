from __future__ import annotations

import re

import pytest
from django.conf import settings

pytestmark = pytest.mark.once

READERS = (
    r"text|switch|integer|one_of|some_of|list_of|currencies|"
    r"hosts|origins|hosts_and_networks|time_zone|folder|database|secrets?|page_url|address|language|"
    r"issuer|scopes|groups|token"
)
READING = re.compile(rf'\b(?:{READERS})\(\s*"([A-Z_]+)"')
ROW = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)


def test_the_table_lists_every_variable_that_is_read() -> None:
    site = settings.BASE_DIR / "kpisite"
    sources = [*site.glob("config/*.py"), *site.glob("settings/*.py")]
    read = {name for source in sources for name in READING.findall(source.read_text())}

    listed = ROW.findall((settings.BASE_DIR / "docs" / "settings.md").read_text())

    assert sorted(listed) == sorted(read)
