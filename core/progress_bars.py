"""Show progress at the terminal, with one named bar per stage."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm


class ProgressBars:
    """A bar per stage, opened by its first step."""

    def __init__(self, *, is_hidden: bool) -> None:
        self.is_hidden = is_hidden
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def show(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of a stage are done."""
        if self._bar is None or stage != self._stage:
            self.close()
            self._stage, self._bar = stage, tqdm(desc=stage, total=total, disable=self.is_hidden)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
