"""The fonts of PDF files, and which texts they can write."""

from __future__ import annotations

import logging
import unicodedata
from functools import cache
from pathlib import Path

from django.conf import settings
from fontTools.ttLib import TTFont
from fpdf import FPDF

FONT, FOLDER = "DejaVu", Path(settings.BASE_DIR) / "static" / "fonts"
FILES = {"": FOLDER / "DejaVuSans.ttf", "B": FOLDER / "DejaVuSans-Bold.ttf"}
# scripts from right to left, whose order and joined letters need a shaping engine
RIGHT_TO_LEFT = {"R", "AL", "AN"}

# it logs each table of a font that it embeds
logging.getLogger("fontTools").setLevel(logging.WARNING)


def add_to(pdf: FPDF) -> None:
    """Add the fonts; a file embeds only the letters that it writes."""
    for style, path in FILES.items():
        pdf.add_font(FONT, style, path)


def can_write(text: str) -> bool:
    """Return whether the fonts have each letter, and none has to be shaped or reordered."""
    return all(
        ord(one) in _letters()
        and unicodedata.bidirectional(one) not in RIGHT_TO_LEFT
        and not unicodedata.category(one).startswith("M")
        for one in composed(text)
    )


@cache
def _letters() -> frozenset[int]:
    """Return the letters that both fonts have."""
    found = []
    for path in FILES.values():
        with TTFont(path, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*found)


def composed(text: str) -> str:
    """Write letters with their accents as one character, as the fonts have them."""
    return unicodedata.normalize("NFC", text)
