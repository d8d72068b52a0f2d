"""Numbers of bytes as people read them."""

from __future__ import annotations

UNITS = ("bytes", "kB", "MB", "GB", "TB")


def named(count: float) -> str:
    """Return a number of bytes in the largest fitting unit, such as 12.5 GB."""
    unit = 0
    while count >= 1000 and unit < len(UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:,.0f} bytes" if unit == 0 else f"{count:,.1f} {UNITS[unit]}"
