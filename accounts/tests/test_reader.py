from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Permission

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User
from accounts.reader import Reader
from accounts.tests.people import account, course

pytestmark = pytest.mark.django_db
Scope = ApiKey.Scope


def test_an_anonymous_visitor_reads_nothing() -> None:
    cleo = Reader.of(AnonymousUser())

    assert not cleo.reads_kpis
    assert not cleo.may_see(course().pk)


def test_a_learner_reads_no_kpis() -> None:
    assert not Reader.of(account("Ada")).reads_kpis


def test_a_manager_sees_only_the_granted_course() -> None:
    mine, other = course("py"), course("sql")
    reader = Reader.of(account("Bo", grants=(mine,)))

    assert reader.reads_kpis
    assert list(reader.courses()) == [mine]
    assert not reader.may_see(other.pk)


def test_staff_see_every_course() -> None:
    one, other = course("py"), course("sql")
    reader = Reader.of(account("Ada", is_staff=True))

    assert set(reader.courses()) == {one, other}


def test_a_closed_account_sees_nothing() -> None:
    reader = Reader.of(account("Bo", grants=(course(),), is_active=False))

    assert not reader.reads_kpis
    assert reader.course_ids == frozenset()


def test_small_groups_are_shown_only_with_the_permission() -> None:
    bo = account("Bo", grants=(course(),))
    assert not Reader.of(bo).sees_small_groups

    bo.user_permissions.add(Permission.objects.get(codename="view_small_groups"))

    assert Reader.of(User.objects.get(pk=bo.pk)).sees_small_groups


def test_a_key_without_courses_sees_every_course() -> None:
    key, _ = create_api_key("lms", [Scope.KPIS_READ])

    assert Reader.of(key).may_see(course().pk)


def test_a_key_limited_to_a_course_sees_no_other() -> None:
    mine, other = course("py"), course("sql")
    key, _ = create_api_key("lms", [Scope.KPIS_READ], courses=[mine])

    assert list(Reader.of(key).courses()) == [mine]
    assert not Reader.of(key).may_see(other.pk)


def test_a_key_whose_only_course_is_deleted_does_not_see_the_others() -> None:
    mine, other = course("py"), course("sql")
    key, _ = create_api_key("lms", [Scope.KPIS_READ], courses=[mine])
    mine.delete()

    assert not Reader.of(key).may_see(other.pk)


def test_a_key_that_may_only_send_events_reads_nothing() -> None:
    key, _ = create_api_key("lms", [Scope.EVENTS_WRITE])

    assert not Reader.of(key).reads_kpis
