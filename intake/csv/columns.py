"""The columns that a CSV of an event kind may have, and the meaning of a file's header."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext, gettext_lazy

from core.lazy_text import LazyText
from intake.csv import cells
from intake.csv.cells import Reader, Schema
from intake.csv.options import COMMAND, OTHERS, OptionNames
from intake.event_kinds import EventKind, EventSubject
from intake.events.envelope import SentEvent

# the columns that an event needs by its subject, in addition to those that its kind needs
NEEDED = {
    EventSubject.COURSE: ("course",),
    EventSubject.SIGN_UP: ("learner", "course"),
    EventSubject.ENROLLMENT: ("learner", "course"),
}
MEANINGS: dict[str, LazyText] = {
    "id": gettext_lazy(
        "The sender's own id of the event. Without this column, ids are derived from the rows."
    ),
    "occurred_at": gettext_lazy("When it happened."),
    "learner": gettext_lazy("Key of the learner."),
    "course": gettext_lazy("Key of the course."),
    "run": gettext_lazy("Key of the run; by default the run that the learner entered last."),
    "module": gettext_lazy("Key of the module."),
    "object": gettext_lazy("Key of the video, quiz, assessment, skill …"),
    "value": gettext_lazy("The number that belongs to the event, such as a score."),
}
ENVELOPE_EXAMPLES = {
    "id": "example-1", "occurred_at": "2026-03-31T09:30:00Z", "learner": "ada", "course": "py",
    "run": "2026-spring", "module": "m1", "object": "quiz-1", "value": "0.85",
}  # fmt: skip
# names that other systems use for our columns; the first column that the kind has is suggested
SYNONYMS = {
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
    """The header is invalid; the text lists every problem and the correct columns."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column by its full name, such as data.customer.key.

    `needed_with` is an object such as data.customer: this column is required if another column of
    the object is present.
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
    def is_time(self) -> bool:
        return any(arm.get("format") == "date-time" for arm in cells.union_members(self.schema))

    @property
    def is_number(self) -> bool:
        numeric = any(
            arm.get("type") in ("number", "integer") for arm in cells.union_members(self.schema)
        )
        return numeric or self.path[-1] == "amount"

    @property
    def form(self) -> str:
        return cells.form_of(self.schema)

    @property
    def help(self) -> str:
        description = self.schema.get("description", "")
        return str(MEANINGS.get(self.name) or (description and gettext(description)))

    @property
    def example(self) -> str:
        return ENVELOPE_EXAMPLES.get(self.name) or cells.example_of(self.path[-1], self.schema)


IGNORED = Column("", {}, is_needed=False)


class Columns:
    """The columns that a CSV of one event kind may have."""

    def __init__(self, kind: EventKind) -> None:
        self.kind = kind
        self.all: dict[str, Column] = {column.name: column for column in _columns(kind)}
        self.by_alias = _aliases(self.all)
        self._by_plain = {plain(alias): column for alias, column in self.by_alias.items()}

    def missing(self, found: Iterable[Column | None]) -> list[Column]:
        """Return the required columns that are not among those found."""
        present = {column.name for column in found if column}
        objects = {name.rpartition(".")[0] for name in present} - {""}
        needed = (one for one in self.all.values() if one.is_needed or one.needed_with in objects)
        # a customer replaces the learner
        covered = present | {"learner"} if "data.customer" in objects else present
        return [column for column in needed if column.name not in covered]

    def find(self, name: str) -> Column | None:
        """Return the column with this name or alias; None if there is none."""
        return self._by_plain.get(plain(name))

    def get(self, name: str) -> Column:
        """Return the column with this name or alias; raises ColumnsError if there is none."""
        if column := self.find(name):
            return column
        raise ColumnsError(f"{self._unknown(name)}\n{self._list()}")

    @property
    def by_short_name(self) -> dict[str, Column]:
        return {self.short_name(column): column for column in self.all.values()}

    def short_name(self, column: Column) -> str:
        """Return the name without “data.” if that is unambiguous."""
        short = column.name.removeprefix("data.")
        return short if self.find(short) is column else column.name

    def of_header(
        self,
        header: Sequence[str],
        *,
        renamed: Mapping[str, str] | None = None,
        shared: Iterable[Column] = (),
        options: OptionNames = COMMAND,
    ) -> list[Column | None]:
        """Return the column of each name in the header; None for an empty name.

        `renamed` maps the file's names to ours; `shared` columns come from outside the file.
        Raises ColumnsError with all unknown, repeated and missing columns.
        """
        ours = {plain(theirs): name for theirs, name in (renamed or {}).items()}
        found = [self._match(name, ours) for name in header]
        unknown = [
            name for name, column in zip(header, found, strict=True)
            if name.strip() and not column and plain(name) not in ours
        ]  # fmt: skip
        problems = [
            *self._not_in_file(header, renamed or {}),
            *(self._unknown(name) for name in ours.values() if name and not self.find(name)),
            *(self._unknown(name) for name in unknown),
            *self._repeated(found),
            *(
                gettext("Column “%(column)s” is missing (%(form)s).")
                % {"column": self.short_name(column), "form": column.form}
                for column in self.missing([*found, *shared])
            ),
        ]
        if problems:
            problems.append(self._list())
            if unknown:
                option = str(options.ignore) % {"column": unknown[0].strip()}
                problems.append(gettext("To ignore a column, use %(option)s.") % {"option": option})
            raise ColumnsError("\n".join(problems))
        return found

    def _match(self, name: str, ours: Mapping[str, str]) -> Column | None:
        if not name.strip():
            return None
        if plain(name) in ours:
            renamed = ours[plain(name)]
            return self.find(renamed) if renamed else IGNORED
        return self.find(name) or (IGNORED if OTHERS in ours else None)

    def _not_in_file(self, header: Sequence[str], renamed: Iterable[str]) -> list[str]:
        present = {OTHERS, *map(plain, header)}
        return [
            gettext("The file has no column “%(column)s”. Its columns: %(columns)s.")
            % {"column": name, "columns": ", ".join(header)}
            for name in renamed
            if plain(name) not in present
        ]

    def _repeated(self, found: Iterable[Column | None]) -> list[str]:
        counts = Counter(column for column in found if column and column is not IGNORED)
        return [
            gettext("Column “%(column)s” appears %(count)s times in the header; keep one.")
            % {"column": self.short_name(column), "count": count}
            for column, count in counts.items()
            if count > 1
        ]

    def _unknown(self, written: str) -> str:
        name = plain(written)
        values = {"column": written.strip(), "kind": self.kind.name}
        if name == "kind":
            return gettext("Remove the column “kind”: all rows are %(kind)s events.") % values
        if full := [one for one in self.all if plain(one).endswith(f"_{name}")]:
            values["columns"] = ", ".join(full)
            return gettext("Column “%(column)s” is ambiguous. Use one of: %(columns)s.") % values
        if similar := self.similar(name):
            values["similar"] = similar
            return (
                gettext("Unknown column “%(column)s” for %(kind)s. Did you mean “%(similar)s”?")
                % values
            )
        return gettext("Unknown column “%(column)s” for %(kind)s.") % values

    def similar(self, name: str) -> str:
        """Suggest a column: by a synonym of one of its words, else by its spelling."""
        name = plain(name)
        for word in reversed(name.split("_")):
            for ours in SYNONYMS.get(word, ()):
                if column := self.find(ours):
                    return self.short_name(column)
        close = difflib.get_close_matches(name, self.by_alias, n=1, cutoff=0.7)
        return close[0] if close else ""

    def _list(self) -> str:
        return gettext("Columns for %(kind)s: %(columns)s.") % {
            "kind": self.kind.name,
            "columns": ", ".join(self.by_short_name),
        }


def plain(written: str) -> str:
    """Normalize a name for comparison: “ Occurred at ” and occurred_at are the same."""
    return re.sub(r"[ .-]", "_", written.strip().casefold())


def _columns(kind: EventKind) -> list[Column]:
    needed = {"occurred_at", *NEEDED.get(kind.about, ())}
    words = ("learner", "course", "module", "object", "value")
    needed |= {one for one in words if getattr(kind, f"needs_{one}")}
    fields = SentEvent.model_json_schema()["properties"]
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
    """Return a column for each field of an object, and of objects in it, with dotted names."""
    fields = {
        field: cells.resolved(one, definitions)
        for field, one in schema.get("properties", {}).items()
    }
    needed = schema.get("required", ())
    found: list[Column] = []
    for field, one in fields.items():
        path, must = f"{name}.{field}", field in needed
        if one.get("properties") and not one.get("anyOf"):
            found += _leaves(path, one, definitions, is_needed=is_needed and must)
        else:
            with_others = "" if is_needed or not must else name
            found.append(Column(path, _deep(one, definitions), is_needed and must, with_others))
    return found


def _deep(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Return the schema of a list with the fields of its objects resolved as well."""
    item = schema.get("items", {})
    if "properties" not in item:
        return schema
    fields = {name: cells.resolved(one, definitions) for name, one in item["properties"].items()}
    return {**schema, "items": {**item, "properties": fields}}


def _aliases(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns by full name, and by each shorter name that is unambiguous.

    A field of `data` itself takes precedence over a deeper field with the same name.
    """
    claims: dict[str, dict[int, list[Column]]] = defaultdict(lambda: defaultdict(list))
    for column in columns.values():
        for start in range(1, len(column.path)):
            claims[".".join(column.path[start:]).casefold()][start].append(column)
    first = {short: claims[short][min(claims[short])] for short in claims}
    unique = {short: meant[0] for short, meant in first.items() if len(meant) == 1}
    return unique | {name.casefold(): column for name, column in columns.items()}
