"""What made a change: the alert or the experiment behind it, which the apps above know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from core.registry import Registry


@dataclass(frozen=True)
class ChangeSource:
    """Where a change came from, in the reader's language, with the address of its page."""

    label: str
    url: str


# Answers for those of the changes, by id, that it knows the source of.
ChangeSources = Callable[[Collection[int]], Mapping[int, ChangeSource]]
# The slot that adjustments and experiments fill; without any, staff made every change.
CHANGE_SOURCES: Registry[ChangeSources] = Registry("Change sources")  # not translated: programmers


def sources_of(change_ids: Collection[int]) -> dict[int, ChangeSource]:
    """Return the sources of changes by id; none for those that staff made themselves."""
    found: dict[int, ChangeSource] = {}
    for answer in CHANGE_SOURCES.values() if change_ids else ():
        found |= answer(change_ids)
    return found
