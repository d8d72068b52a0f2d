"""What a shape is: a file of a tool, recognized by its header, and the events of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from core.lazy_text import LazyText
from intake.files.choices import Choice, Chosen
from intake.files.records import Header, Record, Sample
from intake.tables.text import Record as Line


class Skip(NamedTuple):
    """A row or cell that is no event, with the reason."""

    reason: LazyText


@dataclass(frozen=True)
class Made:
    """An event of a row.

    `key` is what makes it the same event in a later file; without it, its whole content does.
    `columns` are the names in the file of fields such as learner, for messages. If `is_undated`,
    the file has no date for it, and the one with which it was first imported stays.
    """

    kind: str
    key: tuple[str, ...] | None
    at: datetime | None
    learner: str = ""
    course: str = ""
    run: str = ""
    module: str = ""
    object: str = ""
    value: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    is_undated: bool = False
    # deleted in the tool: the event is retracted
    is_gone: bool = False

    def raw(self, shape: str) -> dict[str, Any]:
        """Return the event as it is sent to intake; a row that came before is a correction."""
        content = {
            "kind": self.kind,
            "occurred_at": self.at.isoformat() if self.at else None,
            **{name: getattr(self, name) for name in TEXTS if getattr(self, name)},
            **({"value": self.value} if self.value is not None else {}),
            **({"data": dict(self.data)} if self.data else {}),
        }
        if self.key is None:
            return content
        key = _id(shape, self.kind, *self.key)
        if self.is_gone:
            return {"id": key, "kind": self.kind, "correction": "retract"}
        return {"id": key, **content, "correction": "replace"}


TEXTS = ("learner", "course", "run", "module", "object")

RowReader = Callable[[Record], Iterable[Made | Skip]]


def _id(*parts: str) -> str:
    """Return an id that is the same for the same row, and that names no person."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"{parts[0]}-{digest[:32]}"


class Shape:
    """A kind of file that a tool exports.

    `signature` lists the columns by which it is recognized, each by its possible names.
    """

    key: ClassVar[str]
    title: ClassVar[LazyText]
    # what becomes of the file, in a sentence
    about: ClassVar[LazyText]
    signature: ClassVar[Sequence[tuple[str, ...]]] = ()
    # whose learners must be enrolled, so that people are asked what to do if they are not
    has_learners: ClassVar[bool] = True

    def matches(self, header: Header) -> bool:
        return all(header.find(*names) for names in self.signature)

    def header_in(self, lines: Sequence[Line]) -> Header | None:
        """Return the header if the first line is one of this shape; the others stand below it."""
        header = Header(lines[0].line, lines[0].cells)
        return header if self.matches(header) else None

    def choices(self, sample: Sample) -> list[Choice]:
        """Return what a person must say about this file."""
        raise NotImplementedError

    def problems(self, sample: Sample, chosen: Chosen) -> dict[str, str]:
        """Return what is wrong with the answers together, by the name of a choice."""
        return {}

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        """Return the function that makes the events of each row."""
        raise NotImplementedError
