"""The checklist of one account: which steps are done, and how to do the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import ngettext

from accounts.models import User
from core import localized
from first_steps import found
from first_steps.found import Found
from first_steps.steps import ENOUGH, STEPS, Link, Step


@dataclass(frozen=True)
class Line:
    """One step: `figure` says how much of it there is, `links` are those of the account."""

    step: Step
    is_done: bool
    links: list[Link]
    figure: str


@dataclass(frozen=True)
class Checklist:
    account: User
    found: Found
    with_demonstration: bool

    @property
    def is_complete(self) -> bool:
        return all(self._is_done(step) for step in STEPS)

    @property
    def has_enough(self) -> bool:
        """Return whether figures can be shown, so that the list may be put away."""
        return self.found.done >= ENOUGH

    @property
    def is_on_dashboard(self) -> bool:
        is_away = self.found.is_dismissed and self.has_enough
        return not (self.with_demonstration or is_away or self.is_complete)

    @property
    def done_count(self) -> int:
        return sum(map(self._is_done, STEPS))

    @property
    def count(self) -> int:
        return len(STEPS)

    @property
    def next_step(self) -> Step | None:
        return next((step for step in STEPS if not self._is_done(step)), None)

    @property
    def waits_for_events(self) -> bool:
        return "data" not in self.found.done

    @cached_property
    def lines(self) -> list[Line]:
        return [self._line(step) for step in STEPS]

    def _line(self, step: Step) -> Line:
        is_done = self._is_done(step)
        links = [one for one in step.links if self.account.has_perm(one.permission)]
        return Line(step, is_done, links, self._figure(step) if is_done else "")

    def _is_done(self, step: Step) -> bool:
        return step.key in self.found.done

    def _figure(self, step: Step) -> str:
        return FIGURES[step.key](self)


def may_set_up(account: User) -> bool:
    """Return whether an account may do any of the steps."""
    permissions = set[str]().union(*(step.permissions for step in STEPS))
    return account.is_staff and any(account.has_perm(one) for one in permissions)


def checklist_of(account: User, *, with_demonstration: bool) -> Checklist:
    there = found.find(account, with_demonstration=with_demonstration)
    return Checklist(account, there, with_demonstration)


def whom_to_ask() -> list[User]:
    """The superusers that can do every step, at most three."""
    return list(found.own_staff().filter(is_superuser=True)[:3])


def _shown(number: int) -> str:
    more = "+" if number >= found.MOST else ""
    return f"{localized.number(number)}{more}"


def _accounts(mine: Checklist) -> str:
    return mine.account.email


def _courses(mine: Checklist) -> str:
    number = found.count(found.courses(with_demonstration=mine.with_demonstration))
    return ngettext("%(count)s course", "%(count)s courses", number) % {"count": _shown(number)}


def _enrollments(mine: Checklist) -> str:
    number = found.count(found.enrollments(with_demonstration=mine.with_demonstration))
    words = ngettext("%(count)s enrollment", "%(count)s enrollments", number)
    return words % {"count": _shown(number)}


def _targets(mine: Checklist) -> str:
    number = found.count(found.targets())
    return ngettext("%(count)s target", "%(count)s targets", number) % {"count": _shown(number)}


def _people(mine: Checklist) -> str:
    number = found.count(found.people(mine.account))
    words = ngettext("%(count)s other account", "%(count)s other accounts", number)
    return words % {"count": _shown(number)}


def _channels(mine: Checklist) -> str:
    number = found.count(found.channels())
    return ngettext("%(count)s channel", "%(count)s channels", number) % {"count": _shown(number)}


FIGURES: dict[str, Callable[[Checklist], str]] = {
    "account": _accounts,
    "courses": _courses,
    "data": _enrollments,
    "targets": _targets,
    "people": _people,
    "notifications": _channels,
}
