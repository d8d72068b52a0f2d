"""Find in which line of a JSON text each value begins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

# names and positions that lead to a value
Path = tuple[str | int, ...]

SPACE = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder()


class RepeatedName(Exception):  # noqa: N818
    """A name that an object has twice: which of its values is meant cannot be known."""

    def __init__(self, name: str, line: int) -> None:
        self.name, self.line = name, line
        super().__init__(name)


def lines_of(text: str) -> dict[Path, int]:
    """Return the line of each value of a valid JSON text, by its path."""
    scanner = _Scanner(text)
    scanner.scan(0, ())
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[Path, int] = {}
        self._counted, self._line = 0, 1

    def scan(self, at: int, path: Path) -> int:
        """Note the value that begins here and all values in it; return where it ends."""
        at = self._skip(at)
        line = self._line_at(at)
        if path in self.lines:
            raise RepeatedName(str(path[-1]), line)
        self.lines[path] = line
        if self.text[at] == "{":
            return self._scan_parts(at + 1, "}", path, None)
        if self.text[at] == "[":
            return self._scan_parts(at + 1, "]", path, iter(range(len(self.text))))
        return DECODER.raw_decode(self.text, at)[1]

    def _scan_parts(self, at: int, end: str, path: Path, places: Iterator[int] | None) -> int:
        """Scan what an object (without `places`) or a list holds."""
        at = self._skip(at)
        while self.text[at] != end:
            if places is None:
                name, at = DECODER.raw_decode(self.text, at)
                # past the colon
                at = self._skip(at) + 1
                at = self.scan(at, (*path, name))
            else:
                at = self.scan(at, (*path, next(places)))
            at = self._skip(at)
            if self.text[at] == ",":
                at = self._skip(at + 1)
        return at + 1

    def _skip(self, at: int) -> int:
        return SPACE.match(self.text, at).end()  # type: ignore[union-attr]

    def _line_at(self, at: int) -> int:
        """Count the lines since the place before, as values come in order."""
        self._line += self.text.count("\n", self._counted, at)
        self._counted = at
        return self._line
