"""The stretch of changes that can be pulled: where it begins, how far it has come, what is old.

On PostgreSQL a place is the id of a transaction and of a change. Transactions commit in another
order than they begin, so only changes below the oldest transaction that still runs are told: all
of these are over, and every later one has a higher id. SQLite has one writer at a time, so the ids
of changes are in the order of commits.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Q, QuerySet

from exports.models import Change, Feed, Mark

BATCH = 10_000


class Place(NamedTuple):
    """The first change that has not been told yet."""

    position: int
    id: int


class NotReady(Exception):  # noqa: N818 - no error, a wait
    """Transactions still run that began before changes were noted."""


# the first transaction that runs in any database of the server, or the next one
OLDEST_RUNNING = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def opened(today: date) -> Feed:
    """Return the feed, and begin it if nobody has pulled before; NotReady for a moment."""
    feed = Feed.objects.filter(pk=Feed.ONLY).first()
    if feed is None or feed.server != server():
        feed = _begin(today)
    if feed.pulled_on != today:
        Feed.objects.filter(pk=Feed.ONLY).update(pulled_on=today)
    if connection.vendor == "postgresql":
        _wait_for_writers(feed)
    return feed


def _begin(today: date) -> Feed:
    """Begin a feed; one of another server is void, because ids of transactions began anew."""
    stop()
    try:
        with transaction.atomic():
            return Feed.objects.create(pk=Feed.ONLY, server=server(), pulled_on=today)
    except IntegrityError:
        return Feed.objects.get(pk=Feed.ONLY)


def _wait_for_writers(feed: Feed) -> None:
    """Raise NotReady as long as transactions run that may not have noted their changes."""
    if feed.ready_at is None:
        # read after the feed is committed: transactions with a higher id see it
        feed.ready_at = _number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        feed.save(update_fields=["ready_at"])
    if head().position < feed.ready_at:
        raise NotReady


def stop() -> None:
    """Note no more changes, and forget those noted: what was pulled must be pulled again."""
    with transaction.atomic():
        Feed.objects.all().delete()
        Mark.objects.all().delete()
        Change.objects.all().delete()


def server() -> str:
    """Return what identifies the server of the database; empty for a file."""
    if connection.vendor != "postgresql":
        return ""
    return str(_number("SELECT system_identifier FROM pg_control_system()"))


def head() -> Place:
    """Return the place after everything that can be told now."""
    if connection.vendor == "postgresql":
        return Place(_number(OLDEST_RUNNING), 0)
    latest = _number(
        "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", Change._meta.db_table
    )
    return Place(0, latest + 1)


def changes(table: str, start: Place, end: Place) -> QuerySet[Change]:
    """Return the changes of a table from a place on, before another one, in their order."""
    return (
        Change.objects.filter(table=table, position__gte=start.position)
        .filter(Q(position__gt=start.position) | Q(id__gte=start.id))
        .filter(Q(position__lt=end.position) | Q(position=end.position, id__lt=end.id))
        .order_by("position", "id")
    )


def is_purged(feed: Feed, place: Place) -> bool:
    return place < (feed.purged_position, feed.purged_id)


def purge(now: datetime, days: int) -> int:
    """Forget changes older than so many days; without a pull for as long, note no more of them."""
    feed = Feed.objects.filter(pk=Feed.ONLY).first()
    if feed is None:
        return 0
    if feed.pulled_on < now.date() - timedelta(days=days):
        count = Change.objects.count()
        stop()
        return count
    old = Mark.objects.filter(at__lt=now - timedelta(days=days)).order_by("at").last()
    place = head()
    Mark.objects.create(at=now, position=place.position, last_id=place.id)
    return _forget_before(Place(old.position, old.last_id)) if old else 0


def _forget_before(place: Place) -> int:
    # first, so that no cursor reads a part of what is being deleted
    Feed.objects.update(purged_position=place.position, purged_id=place.id)
    Mark.objects.filter(position__lt=place.position).delete()
    count = 0
    old = Change.objects.filter(
        Q(position__lt=place.position) | Q(position=place.position, id__lt=place.id)
    )
    highest = old.aggregate(last=Max("id"))["last"] or 0
    while ids := list(
        old.filter(id__lte=highest).order_by("id").values_list("id", flat=True)[:BATCH]
    ):
        count += Change.objects.filter(id__in=ids).delete()[0]
    return count


def _number(statement: str, *parameters: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])
