"""Claim courses, or the site, so that nobody else recomputes them at the same time.

On PostgreSQL a claim is a lock on a row, held by the transaction that reads the facts and stores
the figures. It ends with that transaction, so also when the process is killed. On SQLite reading
inside a transaction would hold up every writer: there, one process at a time holds a lock file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from django.core.cache import cache
from django.db import connection, transaction

from core import task_queue
from core.changes import CourseId
from core.database.locks import lock_to_write
from kpis.models import RecomputeClaim, StalePeriod

# one statement serves all claimed courses; more than these are left to other workers
COURSES_PER_CLAIM = 100
# with more stale periods, a worker that finds everything claimed is waited for: for so many
# seconds, claims take only a part of the courses
LARGE, PART, SHARED_FOR = 5_000, 8, 60
SHARED = "kpis.recompute-shared"

TABLE = RecomputeClaim._meta.db_table
ADD = f"""
    INSERT INTO {TABLE} (course_id)
    SELECT id FROM curriculum_course WHERE id = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM {TABLE} WHERE course_id = curriculum_course.id)
    UNION ALL
    SELECT NULL WHERE %s AND NOT EXISTS (SELECT 1 FROM {TABLE} WHERE course_id IS NULL)
    ON CONFLICT DO NOTHING
"""  # noqa: S608
# a claim blocks no foreign keys: nobody refers to these rows
CLAIM_FREE = f"""
    SELECT course_id FROM {TABLE} WHERE COALESCE(course_id, 0) = ANY(%s)
    ORDER BY array_position(%s, COALESCE(course_id, 0)) LIMIT %s
    FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608
CLAIM_ALL = f"""
    SELECT course_id FROM {TABLE} WHERE COALESCE(course_id, 0) = ANY(%s) ORDER BY id
    FOR NO KEY UPDATE
"""  # noqa: S608


@contextmanager
def claim_free(waiting: Sequence[CourseId]) -> Iterator[Collection[CourseId]]:
    """Claim the first of these courses that nobody else has claimed, for the block.

    None stands for the site, which is claimed alone: the courses before it, or it, or those after
    it. Yields what was claimed, which is nothing if others have claimed everything.
    """
    if connection.vendor != "postgresql":
        yield next(_courses_or_site(waiting), [])[:COURSES_PER_CLAIM]
        return
    _add(waiting)
    at_most = _courses_at_once(len(waiting))
    with transaction.atomic():
        found = (_lock_free(some, at_most) for some in _courses_or_site(waiting))
        claimed = next(filter(None, found), [])
        if not claimed:
            _ask_for_a_share()
        yield claimed


def _courses_at_once(waiting: int) -> int:
    """Return how many courses to claim: fewer if another worker found none in a large backlog."""
    try:
        is_shared = cache.get(SHARED) is not None
    except task_queue.UNREACHABLE:
        is_shared = False
    return min(COURSES_PER_CLAIM, -(-waiting // PART)) if is_shared else COURSES_PER_CLAIM


def _ask_for_a_share() -> None:
    if StalePeriod.objects.all()[: LARGE + 1].count() > LARGE:
        try:
            cache.set(SHARED, 1, SHARED_FOR)
        except task_queue.UNREACHABLE as error:
            task_queue.log_unreachable("one worker recomputes", error)  # not translated: a log


@contextmanager
def claim_with_site(courses: Collection[CourseId]) -> Iterator[Collection[CourseId]]:
    """Claim those of these courses that nobody else has claimed, and the site, for the block.

    Yields what was claimed; the site (None) may belong to somebody else.
    """
    if connection.vendor != "postgresql":
        with lock_to_write("measurements"):
            yield {*courses, None}
        return
    wanted = [None, *(one for one in courses if one is not None)]
    _add(wanted)
    with transaction.atomic():
        yield _lock_free(wanted, at_most=1 + COURSES_PER_CLAIM)


def _courses_or_site(waiting: Sequence[CourseId]) -> Iterator[Sequence[CourseId]]:
    at = waiting.index(None) if None in waiting else len(waiting)
    found = (waiting[:at], waiting[at : at + 1], waiting[at + 1 :])
    yield from (some for some in found if some)


def _lock_free(courses: Sequence[CourseId], at_most: int) -> list[CourseId]:
    keys = [one or 0 for one in courses]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_FREE, [keys, keys, at_most])
        return [course for (course,) in cursor.fetchall()]


@contextmanager
def claim(courses: Collection[CourseId]) -> Iterator[None]:
    """Wait until nobody else has claimed any of these courses, and claim them for the block.

    Without it, a slow process could overwrite newer figures with what it read earlier. Claiming
    again what this transaction has claimed already changes nothing.
    """
    if connection.vendor != "postgresql":
        with lock_to_write("measurements"):
            yield
        return
    _add(courses)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_ALL, [[one or 0 for one in courses]])
        yield


def _add(courses: Collection[CourseId]) -> None:
    """Add the rows to lock, before the transaction that locks them."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, [[one for one in courses if one is not None], None in courses])
