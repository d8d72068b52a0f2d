"""The names of what can change on an open page: figures by category and period kind, and others.

Each exists for the site, for each course and for each run: `alerts`, `alerts.7`, `alerts.run.12`.
A page follows no more than its reader may see, since a change alone says that somebody was active.
"""

from __future__ import annotations

from collections.abc import Collection

from accounts.reader import Reader

ALERTS = "alerts"
TARGETS = "targets"
# the targets of all courses without one of their own
SHARED_TARGETS = "targets.shared"
# the page of a reader with more grants follows everything, since its address must fit in a request
MOST = 100


def topics_of_page(
    category: str, period_kind: str, reader: Reader, course_ids: Collection[int] | None = None
) -> list[str]:
    """The topics that a page with figures of these courses follows; None: all the reader's."""
    return _topics(f"{category}.{period_kind}", reader, course_ids)


def topics_of_reader(reader: Reader) -> list[str]:
    """The topics that every page of this reader follows."""
    if reader.sees_every_course:
        return [ALERTS, TARGETS]
    # those of a course apply to its runs
    in_part = reader.course_ids | {course for course, _ in reader.runs_by_course}
    targets = _unless_too_many(TARGETS, sorted(in_part))
    return [*_topics(ALERTS, reader), *targets, SHARED_TARGETS]


def topics_of_change(
    name: str, course_ids: Collection[int] = (), run_ids: Collection[int] = ()
) -> list[str]:
    """The topics that change with something of these courses and runs, and of the site."""
    return [
        name,
        *(f"{name}.{course}" for course in course_ids),
        *(f"{name}.run.{run}" for run in run_ids),
    ]


def _topics(name: str, reader: Reader, course_ids: Collection[int] | None = None) -> list[str]:
    if reader.sees_every_course:
        return [name] if course_ids is None else _unless_too_many(name, sorted(course_ids))
    runs = reader.runs_by_course
    chosen = (
        {course for course, _ in runs} | reader.course_ids if course_ids is None else course_ids
    )
    return _unless_too_many(
        name,
        sorted(reader.course_ids.intersection(chosen)),
        sorted(run for course, run in runs if course in chosen),
    )


def _unless_too_many(
    name: str, course_ids: Collection[int], run_ids: Collection[int] = ()
) -> list[str]:
    too_many = len(course_ids) + len(run_ids) > MOST
    return [name] if too_many else topics_of_change(name, course_ids, run_ids)[1:]
