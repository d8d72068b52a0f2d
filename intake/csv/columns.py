"""The columns that a CSV of a kind may have, by its declaration, and what a file's header means."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from intake.csv import cells
from intake.csv.cells import Reader, Schema
from intake.csv.options import COMMAND, REST, Wording
from intake.event_kinds import EventKind, EventSubject
from intake.events.envelope import Envelope

# what an event about something must name, beside what its kind asks for
NEEDED = {
    EventSubject.COURSE: ("course",),
    EventSubject.SIGN_UP: ("learner", "course"),
    EventSubject.ENROLLMENT: ("learner", "course"),
}
# in words, since the schema of an event has none
MEANINGS = {
    "id": "The sender's own id of the event; without the column, one is made of the row's content.",
    "occurred_at": "When it happened.",
    "learner": "Key of the learner.",
    "course": "Key of the course.",
    "run": "Key of the run; left out, the one that the learner entered last.",
    "module": "Key of the module.",
    "object": "Key of the video, quiz, assessment, skill …",
    "value": "The number that the event tells, such as a score.",
}
ENVELOPE_EXAMPLES = {
    "id": "example-1", "occurred_at": "2026-03-31T09:30:00Z", "learner": "ada", "course": "py",
    "run": "2026-spring", "module": "m1", "object": "quiz-1", "value": "0.85",
}  # fmt: skip


# what files of others call our columns; the first that the kind has is meant
MEANT_BY = {
    **dict.fromkeys(("student", "user", "userid", "member", "participant"), ("learner",)),
    **dict.fromkeys(("email", "mail", "respondent", "person"), ("learner", "customer.key")),
    **dict.fromkeys(("date", "time", "timestamp", "created", "submitted"), ("occurred_at",)),
    **dict.fromkeys(("rating", "stars", "satisfaction"), ("csat", "value")),
    **dict.fromkeys(("recommend", "recommendation", "likelihood"), ("nps",)),
    **dict.fromkeys(("score", "grade", "mark", "points", "result"), ("value",)),
    **dict.fromkeys(("price", "total", "paid", "revenue"), ("amount",)),
    **dict.fromkeys(("quiz", "assignment", "assessment", "video", "skill"), ("object",)),
    **dict.fromkeys(("lesson", "unit", "section", "chapter"), ("module",)),
    **dict.fromkeys(("cohort", "term", "session", "class"), ("run",)),
    **dict.fromkeys(("feedback", "remark", "review"), ("comment",)),
    **{one: (one,) for one in ("course", "module", "learner", "run", "amount", "currency")},
}


class ColumnsError(Exception):
    """The header does not say what is needed; the text tells each fault and what would be right."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column by its full name, such as data.customer.key.

    `needed_with` is the object (such as data.customer) of which no other column may stand without
    it.
    """

    name: str
    schema: Schema
    is_needed: bool
    needed_with: str = ""

    @cached_property
    def path(self) -> tuple[str, ...]:
        return tuple(self.name.split("."))

    @cached_property
    def read(self) -> Reader:
        return cells.reader_of(self.schema)

    @property
    def is_moment(self) -> bool:
        return any(arm.get("format") == "date-time" for arm in cells.union_members(self.schema))

    @property
    def form(self) -> str:
        return cells.form_of(self.schema)

    @property
    def help(self) -> str:
        return MEANINGS.get(self.name) or str(self.schema.get("description", ""))

    @property
    def example(self) -> str:
        return ENVELOPE_EXAMPLES.get(self.name) or cells.example_of(self.path[-1], self.schema)


LEFT_OUT = Column("", {}, is_needed=False)


class Columns:
    """What may stand in a CSV of one kind."""

    def __init__(self, kind: EventKind) -> None:
        self.kind = kind
        self.all: dict[str, Column] = {column.name: column for column in _columns(kind)}
        self.by_alias = _aliases(self.all)
        self.by_plain = {plain(alias): column for alias, column in self.by_alias.items()}

    def missing(self, found: Iterable[Column | None]) -> list[Column]:
        """The columns that are needed beside those found."""
        there = {column.name for column in found if column}
        objects = {name.rpartition(".")[0] for name in there} - {""}
        needed = (one for one in self.all.values() if one.is_needed or one.needed_with in objects)
        # a customer stands for the learner
        told = there | {"learner"} if "data.customer" in objects else there
        return [column for column in needed if column.name not in told]

    def named(self, written: str) -> Column | None:
        """The column that a header's name means; None for no such column."""
        return self.by_plain.get(plain(written))

    @property
    def by_short_name(self) -> dict[str, Column]:
        return {self.short_name(column): column for column in self.all.values()}

    def short_name(self, column: Column) -> str:
        """The name without “data.”, where that means this column."""
        short = column.name.removeprefix("data.")
        return short if self.named(short) is column else column.name

    def one(self, written: str) -> Column:
        """The column that a name means; ColumnsError where it means none."""
        if column := self.named(written):
            return column
        raise ColumnsError(f"{self._stranger(written)}\n{self._known()}")

    def of_header(
        self,
        header: Sequence[str],
        *,
        names: Mapping[str, str] | None = None,
        shared: Iterable[Column] = (),
        wording: Wording = COMMAND,
    ) -> list[Column | None]:
        """The column of each name of the header; None for a column without a name.

        `names` says which of theirs are ours, `shared` what stands outside of the file.
        ColumnsError tells every name that is none, stands twice, or is needed and missing.
        """
        renamed = {plain(theirs): ours for theirs, ours in (names or {}).items()}
        found = [self._meant(one, renamed) for one in header]
        there = {plain(one) for one in header}
        strange = [
            one for one, column in zip(header, found, strict=True)
            if one.strip() and not column and plain(one) not in renamed
        ]  # fmt: skip
        faults = [
            *(f"There is no column “{one}” in the file; it has: {', '.join(header)}."
              for one in names or {} if one != REST and plain(one) not in there),
            *(self._stranger(ours) for ours in renamed.values() if ours and not self.named(ours)),
            *(self._stranger(one) for one in strange),
            *(f"“{column.name}” stands in the header {times} times; leave one."
              for column, times in Counter(one for one in found if one).items()
              if times > 1 and column is not LEFT_OUT),
            *(f"“{self.short_name(column)}” is missing: {column.form}."
              for column in self.missing([*found, *shared])),
        ]  # fmt: skip
        if faults:
            leave_out = wording.leave_out.format(strange[0].strip()) if strange else ""
            hint = [f"A column is left out by {leave_out}."] if strange else []
            raise ColumnsError("\n".join([*faults, self._known(), *hint]))
        return found

    def _meant(self, written: str, renamed: Mapping[str, str]) -> Column | None:
        if not written.strip():
            return None
        if plain(written) in renamed:
            ours = renamed[plain(written)]
            return self.named(ours) if ours else LEFT_OUT
        return self.named(written) or (LEFT_OUT if REST in renamed else None)

    def _stranger(self, written: str) -> str:
        name = plain(written)
        if name == "kind":
            return f"“kind” is no column: all rows are {self.kind.name}; leave it out."
        full = [one for one in self.all if plain(one).endswith(f"_{name}")]
        if full:
            return f"“{written}” may mean {' or '.join(full)}; write which."
        near = self._near(name)
        hint = f"; did you mean “{near}”?" if near else "."
        return f"“{written.strip()}” is no column of {self.kind.name}{hint}"

    def _near(self, name: str) -> str:
        """What a name may mean: by a word that people use for it, else by how it is written."""
        for word in reversed(name.split("_")):
            for ours in MEANT_BY.get(word, ()):
                if column := self.named(ours):
                    return self.short_name(column)
        near = difflib.get_close_matches(name, self.by_alias, n=1, cutoff=0.7)
        return near[0] if near else ""

    def _known(self) -> str:
        return f"Columns of {self.kind.name}: {', '.join(self.by_short_name)}."


def plain(written: str) -> str:
    """A name as it is compared: “ Occurred at ” is occurred_at, “Customer key” is customer.key."""
    return re.sub(r"[ .-]", "_", written.strip().casefold())


def _columns(kind: EventKind) -> list[Column]:
    needed = {"occurred_at", *NEEDED.get(kind.about, ())}
    words = ("learner", "course", "module", "object", "value")
    needed |= {one for one in words if getattr(kind, f"needs_{one}")}
    fields = Envelope.model_json_schema()["properties"]
    envelope = [
        Column(name, cells.resolved(schema, {}), name in needed)
        for name, schema in fields.items()
        if name not in ("kind", "data", "correction")
    ]
    schema = kind.data.model_json_schema()
    return [*envelope, *_leaves("data", schema, schema.get("$defs", {}), is_needed=True)]


def _leaves(
    name: str, schema: Schema, definitions: Mapping[str, Schema], *, is_needed: bool
) -> list[Column]:
    """The fields of an object, and of objects in it, by their dotted names."""
    fields = {
        field: cells.resolved(one, definitions)
        for field, one in schema.get("properties", {}).items()
    }
    needed = schema.get("required", ())
    found: list[Column] = []
    for field, one in fields.items():
        path, must = f"{name}.{field}", field in needed
        if _is_object(one):
            found += _leaves(path, one, definitions, is_needed=is_needed and must)
        else:
            with_others = "" if is_needed or not must else name
            found.append(Column(path, _deep(one, definitions), is_needed and must, with_others))
    return found


def _is_object(schema: Schema) -> bool:
    return bool(schema.get("properties")) and not schema.get("anyOf")


def _deep(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """The schema of a list with the fields of its objects resolved too."""
    item = schema.get("items", {})
    if "properties" not in item:
        return schema
    fields = {name: cells.resolved(one, definitions) for name, one in item["properties"].items()}
    return {**schema, "items": {**item, "properties": fields}}


def _aliases(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Every name that means one column: in full, and short where that is unique.

    A field of `data` itself goes before one that lies deeper.
    """
    claims: dict[str, dict[int, list[Column]]] = defaultdict(lambda: defaultdict(list))
    for column in columns.values():
        for start in range(1, len(column.path)):
            claims[".".join(column.path[start:]).casefold()][start].append(column)
    first = {short: claims[short][min(claims[short])] for short in claims}
    unique = {short: meant[0] for short, meant in first.items() if len(meant) == 1}
    return unique | {name.casefold(): column for name, column in columns.items()}
