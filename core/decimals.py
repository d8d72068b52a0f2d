from __future__ import annotations

from decimal import Decimal


def format_decimal(value: Decimal) -> str:
    """Format a decimal without its column's trailing zeros: 85, not 85.0000."""
    return f"{value.normalize():f}"
