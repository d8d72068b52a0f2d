"""The page about files lists what the registry recognizes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from intake.files.shapes.oneroster import OneRoster
from intake.files.shapes.registry import SHAPES

pytestmark = pytest.mark.once


def test_every_shape_has_a_row() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "files.md").read_text()
    table = text.partition("## Which tools are recognized")[2].partition("\n## ")[0]

    assert sorted(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) == sorted(
        [*SHAPES, OneRoster.key]
    )
