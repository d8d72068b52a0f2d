"""Declare event kinds with the functions that handle them; dispatch stored events to these.

An app declares its kinds in `intake.py`, which autodiscovery imports.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Q
from pydantic import BaseModel, TypeAdapter

from core.changes import Changes
from core.registry import Registry
from curriculum import enrolling
from intake.event_batch import EventBatch, Handler, ObjectKey
from intake.models import Event

Reset = Callable[[Iterable[int], Changes], None]
ResetWithoutCourse = Callable[[Changes], None]
Undo = Callable[[Sequence[Event], Changes], Sequence[Q]]
# (value, data, occurred_at) to (field, sentence) if something is wrong, else None
Check = Callable[[float | None, Any, datetime], tuple[str, str] | None]
# (course id, object key) pairs to module ids
LocateModules = Callable[[Iterable[tuple[int, str]]], Mapping[tuple[int, str], int]]
# (object keys, may create) to those that exist, after creating the others if allowed
FindObjects = Callable[[set[str], bool], set[str]]
# events about to be stored to (code, field, sentence) of those that are wrong, by their index
FindProblems = Callable[[Sequence[Event]], Mapping[int, tuple[str, str, str]]]
F = TypeVar("F", bound=Callable[..., Any])


class EventSubject(IntEnum):
    """What an event is about; events are handled in this order."""

    COURSE = 0  # a course itself
    SIGN_UP = 1  # a learner who enrolls in a run
    ENROLLMENT = 2  # an existing enrollment
    CUSTOMER = 3  # someone who buys or invites; learner and course are optional


class Data(BaseModel):
    """Base of the `data` of a kind; unknown fields are rejected, so that typos do not get lost."""

    model_config = {"extra": "forbid", "allow_inf_nan": False}


class NoData(Data):
    """No fields."""


@dataclass(frozen=True)
class EventKind:
    """A declared kind; `handles` describes the fields."""

    name: str
    help: str
    handler: Handler
    data: type[Data]
    about: EventSubject
    needs_module: bool
    needs_object: bool
    needs_value: bool
    check: Check | None
    required_scope: str
    find_objects: FindObjects | None = None
    needs_learner: bool = False
    needs_course: bool = False
    find_problems: FindProblems | None = None

    @cached_property
    def required_fields(self) -> tuple[str, ...]:
        names = ("module", "object", "value", "course", "learner")
        return tuple(name for name in names if getattr(self, f"needs_{name}"))

    @cached_property
    def data_list(self) -> TypeAdapter[list[Data]]:
        """Validates and writes the data of many events at once."""
        return TypeAdapter(list[self.data])  # type: ignore[name-defined]


KINDS: Registry[EventKind] = Registry("Event kind")  # not translated: for programmers
LISTENERS: dict[str, list[Handler]] = defaultdict(list)
COURSE_RESETS: list[Reset] = []
RESETS_WITHOUT_COURSE: list[ResetWithoutCourse] = []
ENROLLMENT_RESETS: list[Reset] = []
UNDO_FUNCTIONS: list[Undo] = []
MODULE_LOCATORS: list[LocateModules] = []


def handles(
    name: str,
    *,
    data: type[Data] = NoData,
    about: EventSubject = EventSubject.ENROLLMENT,
    needs_module: bool = False,
    needs_object: bool = False,
    needs_value: bool = False,
    check: Check | None = None,
    required_scope: str = "",
    find_objects: FindObjects | None = None,
    needs_learner: bool = False,
    needs_course: bool = False,
    find_problems: FindProblems | None = None,
) -> Callable[[F], F]:
    """Declare an event kind by the function that handles whole batches of it.

    The handler runs in the transaction that stores the events, gets new events only, and must
    produce the same facts whatever their order. Senders need `required_scope` in addition to
    events:write; `find_objects` finds the objects that events may refer to, and `find_problems`
    says which events of a batch are wrong by what is stored. `needs_learner` and
    `needs_course` are for kinds about customers, where both are optional otherwise; a `customer`
    in the data replaces the learner.
    """

    def declare(handler: F) -> F:
        declared = EventKind(
            name, inspect.getdoc(handler) or "", handler, data, about,
            needs_module, needs_object, needs_value, check, required_scope, find_objects,
            needs_learner, needs_course, find_problems,
        )  # fmt: skip
        KINDS.register(name, declared)
        return handler

    return declare


def on_event(name: str) -> Callable[[F], F]:
    """Subscribe to another app's kind: get the same batches, after the kind's own handler."""

    def declare(handler: F) -> F:
        LISTENERS[name].append(handler)
        return handler

    return declare


def resets_course(function: F) -> F:
    """Declare how an app deletes the facts made by the events of courses (ids)."""
    COURSE_RESETS.append(function)
    return function


def resets_without_course(function: F) -> F:
    """Declare how an app deletes the facts made by events without a course."""
    RESETS_WITHOUT_COURSE.append(function)
    return function


def resets_enrollments(function: F) -> F:
    """Declare how an app deletes the facts made by the events of enrollments (ids)."""
    ENROLLMENT_RESETS.append(function)
    return function


def undoes_events(function: F) -> F:
    """Declare how an app deletes facts that belong to no enrollment, such as payments.

    The function takes events, deletes the facts that they made, and returns filters for the
    stored events that contributed to the same facts and must be handled again.
    """
    UNDO_FUNCTIONS.append(function)
    return function


def locates_modules(function: F) -> F:
    """Declare how to find the module of an object, for events that name no module."""
    MODULE_LOCATORS.append(function)
    return function


def dispatch(events: Sequence[Event], *, now: datetime, changes: Changes) -> set[ObjectKey]:
    """Pass stored events to the handlers of their kinds, in the order of declaration.

    The handlers note in `changes` what changes; the caller writes it. Return the objects that are
    in another module from now on.
    """
    batch = EventBatch(events, now, changes, {}, set())
    by_kind: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_kind[event.kind].append(event)
    enrolling.lock(event.enrollment_id for event in events)
    for name, kind in KINDS.items():
        if name in by_kind:
            for handler in (kind.handler, *LISTENERS[name]):
                handler(batch.of(by_kind[name]))
    batch.run_deferred()
    return batch.relocated
