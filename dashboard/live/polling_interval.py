"""How often an open page polls: fast while few pages are open, slower under load."""

from __future__ import annotations

MIN_SECONDS = 0.4
MAX_SECONDS = 10.0
MEASURE_FOR_SECONDS = 2.0
MAX_REQUESTS_PER_SECOND = 125.0


class PollingInterval:
    """Count this process's polling requests and adapt the interval to their number."""

    def __init__(self) -> None:
        self.seconds = MIN_SECONDS
        self._requests = 0
        self._since = 0.0

    def after_request(self, now: float) -> float:
        """Count a request and return the seconds until the same page may poll again.

        `now` comes from a monotonic clock.
        """
        self._requests += 1
        elapsed = now - self._since
        if elapsed >= MEASURE_FOR_SECONDS:
            open_pages = self._requests / elapsed * self.seconds
            self.seconds = min(max(MIN_SECONDS, open_pages / MAX_REQUESTS_PER_SECOND), MAX_SECONDS)
            self._requests, self._since = 0, now
        return self.seconds


POLLING_INTERVAL = PollingInterval()
