"""How to read a CSV file: time zone, renamed columns, and values shared by all rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext, gettext_lazy

from core.lazy_text import LazyText

# as the name of a column: all columns that the kind does not have
OTHERS = "*"


class FileOptionsError(Exception):
    """An option is invalid; the text explains why."""


@dataclass(frozen=True)
class OptionNames:
    """How messages refer to the options, on the command line or in the admin's form."""

    create: LazyText = "--create-unknown"
    replace: LazyText = "--replace"
    zone: LazyText = "--time-zone, such as --time-zone Europe/Berlin"  # not translated: an option
    ignore: LazyText = "--columns “%(column)s=”"


COMMAND = OptionNames()
FORM = OptionNames(
    create=gettext_lazy("the option “Create unknown items”"),
    replace=gettext_lazy("the option “Replace stored events”"),
    zone=gettext_lazy("the field “Time zone”"),
    ignore=gettext_lazy("“%(column)s=” in the field “Columns”"),
)


@dataclass(frozen=True)
class FileOptions:
    """How to read a file.

    `renamed` maps the file's column names to ours; an empty name ignores the column. `shared` maps
    our column names to the value of every row that has none of its own. `replaces`: rows replace
    stored events with the same id. `order` is that of day and month in dates such as 7/09/26,
    `decimal` the mark of decimals.
    """

    zone: ZoneInfo | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    replaces: bool = False
    order: str = ""
    decimal: str = ""
    names: OptionNames = COMMAND


def parse_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = gettext("Unknown time zone %(zone)s. Use a name such as Europe/Berlin or UTC.")
        raise FileOptionsError(message % {"zone": name}) from None


def parse_renamed(lines: Iterable[str]) -> dict[str, str]:
    """Parse lines such as `Their name=learner`, split at the last “=”."""
    found = {}
    for line in lines:
        theirs, equals, ours = line.strip().rpartition("=")
        if not equals or not theirs.strip():
            message = gettext("“%(line)s” must be a name, “=” and a name: “Their name=learner”.")
            raise FileOptionsError(message % {"line": line})
        found[theirs.strip()] = ours.strip()
    return found


def parse_shared(lines: Iterable[str]) -> dict[str, str]:
    """Parse lines such as `course=py`, split at the first “=”, because a value may contain one."""
    found = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if not equals or not name.strip() or not value.strip():
            message = gettext("“%(line)s” must be a column, “=” and a value: “course=py”.")
            raise FileOptionsError(message % {"line": line})
        found[name.strip()] = value.strip()
    return found
