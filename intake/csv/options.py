"""What is said of a file beside it: its time zone, what its columns mean, what all rows share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# leaves out every column that is none of ours
REST = "*"


class FileOptionsError(Exception):
    """A choice cannot be read; the text says what would be right."""


@dataclass(frozen=True)
class Wording:
    """How choices are named where they are made."""

    create: str = "--create-unknown"
    replace: str = "--replace"
    zone: str = "--time-zone, such as --time-zone Europe/Berlin"
    leave_out: str = "--columns “{}=”"


COMMAND = Wording()
FORM = Wording(
    create="the tick “Make what is unknown”",
    replace="the tick “Replace what is in”",
    zone="a time zone chosen above",
    leave_out="“{}=” under Columns",
)


@dataclass(frozen=True)
class FileOptions:
    """How a file is to be read; without any, as it says itself.

    `names` are ours (or nothing, to leave the column out) by theirs; `shared` are the cells that
    every row has unless it has its own, by our column names.
    """

    zone: ZoneInfo | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    replaces: bool = False
    wording: Wording = COMMAND


def zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FileOptionsError(
            f"There is no time zone {name}; a zone is named such as Europe/Berlin or UTC."
        ) from None


def pairs(lines: Iterable[str], example: str) -> dict[str, str]:
    """What stands left and right of the last “=” of each line."""
    found = {}
    for line in lines:
        left, between, right = line.strip().rpartition("=")
        if not between or not left.strip():
            raise FileOptionsError(f"“{line}” has no “=” with a name before it, such as {example}.")
        found[left.strip()] = right.strip()
    return found


def names_of(lines: Iterable[str]) -> dict[str, str]:
    return pairs(lines, "“Their name=learner”")


def shared_of(lines: Iterable[str]) -> dict[str, str]:
    """What is shared, by our names: the first “=” divides, for a value may have one."""
    found = {}
    for line in lines:
        left, between, right = line.strip().partition("=")
        if not between or not left.strip() or not right.strip():
            raise FileOptionsError(f"“{line}” is not a column and its value, such as “course=py”.")
        found[left.strip()] = right.strip()
    return found
