from __future__ import annotations


class TableError(Exception):
    """The file cannot be read; the text names the place and the solution."""


class EncodingError(TableError):
    """The text is not UTF-8, and nobody has said what it is."""
