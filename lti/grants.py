"""Turn roles in courses of an LMS into grants here, and take them back when the role ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Q

from accounts.models import CourseGrant, RunGrant
from lti.models import Context, Participation


class Kind(NamedTuple):
    """A kind of grant: its rows, their column, and the column that says that it is ours."""

    # a manager; as such, type checkers take it for a descriptor
    grants: Any
    target: str
    given: str


KINDS = (
    Kind(CourseGrant.objects, "course_id", "granted_course_id"),
    Kind(RunGrant.objects, "run_id", "granted_run_id"),
)


def follow_roles(context: Context, only: Iterable[int] | None = None) -> None:
    """Give and take the grants of a course's instructors, or of `only` those (ids of members).

    A grant that staff gave is not ours, and stays. Run in a transaction.
    """
    rows = context.participations.select_related("member").filter(
        Q(is_instructor=True) | Q(granted_course__isnull=False) | Q(granted_run__isnull=False)
    )
    _change(context, list(rows if only is None else rows.filter(member__in=only)))


def take_back_all(context: Context) -> None:
    """Take all grants back, before the context is deleted."""
    context.participations.update(is_instructor=False)
    follow_roles(context)


def _change(context: Context, rows: list[Participation]) -> None:
    for kind in KINDS:
        wanted = {row: _wanted(context, row, kind) for row in rows}
        changed = [row for row in rows if wanted[row] != getattr(row, kind.given)]
        if changed:
            _take_back(kind, changed)
            _give(kind, {row: wanted[row] for row in changed if wanted[row] is not None})
            Participation.objects.bulk_update(changed, [kind.given.removesuffix("_id")])


def _wanted(context: Context, row: Participation, kind: Kind) -> int | None:
    """Return the course or run that the role stands for; a run stands for itself alone."""
    if not row.is_instructor or row.member.account_id is None or context.course_id is None:
        return None
    if kind.target == "run_id":
        return context.run_id
    return None if context.run_id else context.course_id


def _take_back(kind: Kind, rows: list[Participation]) -> None:
    """Delete the grants, except those that another course of an LMS gives as well."""
    given = {(row.member.account_id, getattr(row, kind.given)) for row in rows}
    kept = _ours(kind, [account for account, _ in given], but=rows)
    gone = Q(pk__in=())
    for account, target in given - kept:
        gone |= Q(**{"user_id": account, kind.target: target})
    kind.grants.filter(gone).delete()
    for row in rows:
        setattr(row, kind.given, None)


def _give(kind: Kind, wanted: dict[Participation, int | None]) -> None:
    """Create the grants that are missing; those that staff gave do not become ours."""
    accounts = [row.member.account_id for row in wanted]
    held = set(kind.grants.filter(user__in=accounts).values_list("user_id", kind.target))
    ours = _ours(kind, accounts, but=wanted)
    missing = set()
    for row, target in wanted.items():
        grant = (row.member.account_id, target)
        if grant not in held or grant in ours:
            setattr(row, kind.given, target)
        if grant not in held:
            missing.add(grant)
    kind.grants.bulk_create(
        kind.grants.model(**{"user_id": account, kind.target: target})
        for account, target in missing
    )


def _ours(
    kind: Kind, accounts: list[int | None], *, but: Iterable[Participation]
) -> set[tuple[Any, ...]]:
    """Return the grants (account, target) that other roles of these accounts gave."""
    rows = Participation.objects.filter(
        member__account__in=accounts, **{f"{kind.given}__isnull": False}
    ).exclude(pk__in=[row.pk for row in but])
    return set(rows.values_list("member__account_id", kind.given))
