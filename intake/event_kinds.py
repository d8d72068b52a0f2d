"""The vocabulary: every kind of event, what it carries and who handles it.

An app's `intake.py` declares its kinds; it is found by autodiscovery.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, TypeVar

from django.db.models import Q
from pydantic import BaseModel

from intake.models import Event

Handler = Callable[[Sequence[Event]], None]
Reset = Callable[[Iterable[int]], None]
ResetLoose = Callable[[], None]
Undoer = Callable[[Sequence[Event]], Sequence[Q]]
# what is wrong with (value, data, when), as the field and the sentence; None when nothing is
Check = Callable[[float | None, Any, datetime], tuple[str, str] | None]
# where (course id, object key) are, as ids of modules
Places = Callable[[Iterable[tuple[int, str]]], Mapping[tuple[int, str], int]]
# of these object keys those that are known, the others made first where that is allowed
Known = Callable[[set[str], bool], set[str]]
Surrounding = Callable[[], AbstractContextManager[object]]
F = TypeVar("F", bound=Handler)
R = TypeVar("R", bound=Reset)
L = TypeVar("L", bound=ResetLoose)
G = TypeVar("G", bound=Undoer)
P = TypeVar("P", bound=Places)
S = TypeVar("S", bound=Surrounding)


class EventSubject(IntEnum):
    """What an event is about, and so what must be there; handled in this order."""

    COURSE = 0  # the course itself
    SIGN_UP = 1  # a learner who enters a run
    ENROLLMENT = 2  # an enrolment that exists
    CUSTOMER = 3  # who buys or invites: a learner and a course only where the event says so


class Data(BaseModel):
    """The `data` of a kind: closed, so that a misspelt name is told and not lost."""

    model_config = {"extra": "forbid", "allow_inf_nan": False}


class NoData(Data):
    """Nothing."""


@dataclass(frozen=True)
class EventKind:
    name: str
    help: str
    handler: Handler
    data: type[Data]
    about: EventSubject
    needs_module: bool
    needs_object: bool
    needs_value: bool
    check: Check | None
    scope: str
    known: Known | None = None
    needs_learner: bool = False
    needs_course: bool = False


KINDS: dict[str, EventKind] = {}
LISTENERS: dict[str, list[Handler]] = defaultdict(list)
RESETS: list[Reset] = []
RESETS_WITHOUT_COURSE: list[ResetLoose] = []
ENROLLMENT_RESETS: list[Reset] = []
UNDOERS: list[Undoer] = []
MODULE_LOCATORS: list[Places] = []
BATCH_CONTEXTS: list[Surrounding] = []


def handles(
    name: str,
    *,
    data: type[Data] = NoData,
    about: EventSubject = EventSubject.ENROLLMENT,
    needs_module: bool = False,
    needs_object: bool = False,
    needs_value: bool = False,
    check: Check | None = None,
    scope: str = "",
    known: Known | None = None,
    needs_learner: bool = False,
    needs_course: bool = False,
) -> Callable[[F], F]:
    """Declare a kind by the function that takes whole batches of it.

    The handler runs in the transaction that keeps the events, gets only events that are new,
    and must give the same facts in whatever order they come. `scope` is what a sender's key needs
    for it beside the right to send events, `known` tells which objects its events may name.
    `needs_learner` and `needs_course` are for kinds about customers, which may else do without;
    a `customer` in the data stands in for the learner.
    """

    def declare(handler: F) -> F:
        if name in KINDS:
            raise ValueError(f"Event kind {name} is handled twice.")
        text = inspect.getdoc(handler) or ""
        needs = (needs_module, needs_object, needs_value)
        told = (needs_learner, needs_course)
        KINDS[name] = EventKind(
            name, text, handler, data, about, *needs, check, scope, known, *told
        )
        return handler

    return declare


def on_event(name: str) -> Callable[[F], F]:
    """Have the events of another app's kind too, in the same batches, once its handler is done."""

    def declare(handler: F) -> F:
        LISTENERS[name].append(handler)
        return handler

    return declare


def resets_course(function: R) -> R:
    """Declare how an app deletes the facts that events of these courses (ids) made."""
    RESETS.append(function)
    return function


def resets_without_course(function: L) -> L:
    """Declare how an app deletes the facts that events without a course made."""
    RESETS_WITHOUT_COURSE.append(function)
    return function


def resets_enrollments(function: R) -> R:
    """Declare how an app deletes the facts that events of these enrollments (ids) made."""
    ENROLLMENT_RESETS.append(function)
    return function


def undoes_events(function: G) -> G:
    """Declare how an app deletes facts that belong to no enrollment, such as payments.

    The function gets events and deletes what they made; it returns which of the kept events made
    the same facts and are to make them again.
    """
    UNDOERS.append(function)
    return function


def locates_modules(function: P) -> P:
    """Declare who knows in which modules objects are; an event that says none then gets one."""
    MODULE_LOCATORS.append(function)
    return function


def batch_context(function: S) -> S:
    """Declare a context that handlers run within, such as one that gathers what they write."""
    BATCH_CONTEXTS.append(function)
    return function


@contextmanager
def in_batch_contexts() -> Iterator[None]:
    with ExitStack() as stack:
        for surrounding in BATCH_CONTEXTS:
            stack.enter_context(surrounding())
        yield
