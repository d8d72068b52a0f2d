from __future__ import annotations

from decimal import Decimal


def format_decimal(value: Decimal) -> str:
    """Write a decimal without the zeros that its column pads it with: 85, not 85.0000."""
    return f"{value.normalize():f}"
