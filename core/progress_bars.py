"""Progress at the terminal: one named bar per stage."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm


class ProgressBars:
    """A bar per stage, each begun by its first step; hidden where nobody looks."""

    def __init__(self, *, is_hidden: bool) -> None:
        self.is_hidden = is_hidden
        self._what = ""
        self._bar: tqdm[Any] | None = None

    def show(self, what: str, done: int, total: int) -> None:
        """`done` of `total` steps of a stage are done."""
        if self._bar is None or what != self._what:
            self.close()
            self._what, self._bar = what, tqdm(desc=what, total=total, disable=self.is_hidden)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
