"""Cursors that are wrong, foreign, tampered with or too old."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import signing
from django.utils import timezone

from accounts.tests.people import course
from curriculum.models import Course
from exports.change_log import feed
from exports.cursors import SALT
from exports.models import Change, Feed, Mark
from exports.tests.copies import Copy, client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_noted(transactional_db: None) -> None:
    """On SQLite, emptying the tables after another test fires their triggers."""
    feed.stop()


NO_CURSOR = (400, "bad_question", "This is no cursor. Send “next” of the former response.")
UNKNOWN = "The changes since this cursor are no longer known."


@pytest.fixture
def copy() -> Copy:
    course("py")
    return Copy(client_of("bi"), "course").pull()


@pytest.mark.parametrize("text", ["x", "a:b:c", "é", "x" * 5_000, "%00", "W10:1:2"])
def test_what_is_no_cursor_is_refused(copy: Copy, text: str) -> None:
    assert copy.problem(since=text) == NO_CURSOR


def test_a_tampered_cursor_is_refused(copy: Copy) -> None:
    assert copy.problem(since=copy.cursor[:-1] + ("A" if copy.cursor[-1] != "A" else "B")) == (
        NO_CURSOR
    )


@pytest.mark.parametrize("values", [[], ["course"], {"a": 1}, 7])
def test_signed_values_of_another_kind_are_refused(copy: Copy, values: object) -> None:
    assert copy.problem(since=signing.dumps(values, salt=SALT)) == NO_CURSOR


def test_a_cursor_of_another_table_is_refused(copy: Copy) -> None:
    other = Copy(copy.client, "run").pull()
    status, _, detail = copy.problem(since=other.cursor)

    assert (status, detail) == (400, "This cursor is of the table run.")


def test_a_cursor_of_another_key_is_refused(copy: Copy) -> None:
    other = Copy(client_of("other"), "course").pull()
    status, _, detail = copy.problem(since=other.cursor)

    assert (status, detail) == (400, "This cursor belongs to another API key.")


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "0"), ("limit", "x"), ("format", "xml"), ("sinse", "x")]
)
def test_wrong_parameters_are_refused(copy: Copy, name: str, value: str) -> None:
    assert copy.problem(**{name: value})[0] == 400


def test_an_unknown_table_is_not_found(copy: Copy) -> None:
    assert copy.client.get("/api/export/accounts_user").status_code == 404


# old cursors


def later(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)


def test_a_cursor_older_than_the_purge_says_so(copy: Copy) -> None:
    old = copy.cursor
    feed.purge(later(0), days=30)
    Course.objects.update(title="New")
    copy.pull()
    # the second purge forgets what came before the first one
    Feed.objects.update(pulled_on=later(31))
    feed.purge(later(31), days=30)
    Feed.objects.update(pulled_on=later(62))
    feed.purge(later(62), days=30)

    assert copy.problem(since=old)[:2] == (410, "cursor_expired")
    assert copy.problem(since=old)[2].startswith(UNKNOWN)
    assert Change.objects.count() == 0


def test_a_cursor_that_was_pulled_with_lately_survives_a_purge(copy: Copy) -> None:
    for month in range(1, 4):
        Feed.objects.update(pulled_on=later(31 * month))
        feed.purge(later(31 * month), days=30)
        Course.objects.update(title=f"Month {month}")
        copy.pull()

    assert copy.keys("title") == {"Month 3"}


def test_without_a_pull_nothing_more_is_noted(copy: Copy) -> None:
    feed.purge(later(31), days=30)
    Course.objects.update(title="New")

    assert not Feed.objects.exists()
    assert not Change.objects.exists()
    assert not Mark.objects.exists()
    assert copy.problem()[0] == 410


def test_nothing_is_noted_before_the_first_pull() -> None:
    course("py")
    Course.objects.update(title="New")

    assert not Change.objects.exists()


def test_a_cursor_of_another_server_is_too_old(copy: Copy) -> None:
    Feed.objects.update(server="another")

    assert copy.problem()[0] == 410


def test_a_cursor_from_after_a_restored_backup_is_refused(copy: Copy) -> None:
    Course.objects.update(title="New")
    copy.pull()
    ahead = signing.loads(copy.cursor, salt=SALT)
    ahead[5] += 1_000_000_000

    assert copy.problem(since=signing.dumps(ahead, salt=SALT))[0] == 410
