"""Numbers with a decimal point or a decimal comma, as tools and spreadsheets write them."""

from __future__ import annotations

import re

POINT, COMMA = "point", "comma"
MARKS = (POINT, COMMA)
# the character of the decimals, and those that may group thousands
_SIGNS = {POINT: (".", ", '’\u00a0\u202f"), COMMA: (",", ". '’\u00a0\u202f")}
SIGN_OR_UNIT = re.compile(r"^[$€£¥]\s*|\s*[$€£¥%]$")


def number_of(text: str, mark: str = POINT) -> str | None:
    """Return the number with a decimal point and nothing else; None if it is none.

    1.234,50 is 1234.50 with a comma and no number with a point.
    """
    text = SIGN_OR_UNIT.sub("", text.strip())
    decimal, groups = _SIGNS[mark]
    grouped = rf"\d{{1,3}}(?:[{re.escape(groups)}]\d{{3}})+|\d+"
    found = re.fullmatch(rf"([+-]?)({grouped})?(?:{re.escape(decimal)}(\d+))?", text)
    if not found or not (found[2] or found[3]):
        return None
    whole = re.sub(r"\D", "", found[2] or "0")
    sign = "-" if found[1] == "-" else ""
    return f"{sign}{whole}" + (f".{found[3]}" if found[3] else "")


def possible_marks(text: str) -> set[str]:
    """Return the marks with which the text is a number: 12,50 and 1,250 have different ones."""
    return {mark for mark in MARKS if number_of(text, mark) is not None}


def is_ambiguous(text: str) -> bool:
    """True if the number is another one with the other mark, such as 1,250."""
    return number_of(text, POINT) != number_of(text, COMMA)
