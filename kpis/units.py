from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """How a value is shown: the code holds shares as 0–1, the edge shows them as percent."""

    key: str
    symbol: str
    scale: float = 1.0
    places: int = 1

    def shown(self, value: float | None) -> float | None:
        """The value as API, CSV and pages give it; None stays None."""
        return None if value is None else round(value * self.scale, 4)

    def text(self, value: float | None, *, places: int | None = None) -> str:
        """The value as a person reads it, such as 85.0 %; an en dash for None."""
        if value is None:
            return "–"
        number = f"{value * self.scale:,.{self.places if places is None else places}f}"
        return f"{number} {self.symbol}".strip()


PERCENT = Unit("percent", "%", scale=100.0)
POINTS = Unit("points", "points")
COUNT = Unit("count", "", places=0)
DAYS = Unit("days", "days")
MINUTES = Unit("minutes", "min", places=0)
NUMBER = Unit("number", "", places=2)
TEXT = Unit("text", "")
