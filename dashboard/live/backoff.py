"""How often an open page asks: soon while few are open, and never more than a process bears."""

from __future__ import annotations

# in seconds
SOONEST = 0.4
LATEST = 10.0
COUNTED_FOR = 2.0
# questions a second for one process to answer
MOST = 125.0


class Pace:
    """Counts the questions that this process is asked, and says how long to wait for the next."""

    def __init__(self) -> None:
        self.seconds = SOONEST
        self._asked = 0
        self._since = 0.0

    def next(self, now: float) -> float:
        """Seconds until the same page may ask again; `now` is of a clock that never goes back."""
        self._asked += 1
        passed = now - self._since
        if passed >= COUNTED_FOR:
            pages = self._asked / passed * self.seconds
            self.seconds = min(max(SOONEST, pages / MOST), LATEST)
            self._asked, self._since = 0, now
        return self.seconds


PACE = Pace()
