"""Make all checks, also when the database or Valkey is down."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError

from core import task_queue
from kpisite.doctor import reachable
from kpisite.doctor.checks import ALL
from kpisite.doctor.findings import Finding, Problem
from kpisite.doctor.registry import CHECKS, Check

UNMET = {
    "database": "the database does not answer",
    "tables": "the tables are not those of this version",
    "valkey": "Valkey does not answer",
}
WELL = "Nothing is wrong."

# importing them registers their checks
_ = ALL


def examine(*, with_slow: bool = True) -> Iterator[Finding]:
    """Yield what each check finds, in the order of the checks."""
    missing = reachable.missing()
    for one in CHECKS.values():
        unmet = [why for need, why in UNMET.items() if need in one.needs and need in missing]
        if one.is_slow and not with_slow:
            yield _unchecked(one, "Only manage.py doctor checks this, since it takes a while.")
        elif unmet:
            yield _unchecked(one, f"Not checked, since {unmet[0]}.")
        else:
            yield from _findings(one)


def _findings(one: Check) -> Iterator[Finding]:
    found = _examine(one)
    problems = [each for each in found if isinstance(each, Problem)]
    for each in problems:
        yield Finding(one.key, one.title, "problem", each.text, each.where, each.remedy)
    if not problems:
        said = " ".join(each for each in found if isinstance(each, str))
        yield Finding(one.key, one.title, "ok", said or WELL)


def _examine(one: Check) -> list[Problem | str]:
    """Make a check; if it fails, such as for a table that is missing, that is a problem, too."""
    try:
        return list(one.examine())
    except (DatabaseError, InterfaceError, *task_queue.UNREACHABLE) as error:
        why = reachable.first_line(error)
        remedy = "Correct what is reported before it, then run manage.py doctor again."
        return [Problem(f"The check failed: {why}.", one.key, remedy)]


def _unchecked(one: Check, why: str) -> Finding:
    return Finding(one.key, one.title, "unchecked", why)
