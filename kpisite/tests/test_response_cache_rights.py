"""No cached response outlives the right to it.

Each right is taken after the response was served from the cache, so that the next request would
find it there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts.api_key_use import store_counts
from accounts.api_keys import rotate_api_key
from accounts.models import ApiKey, CourseGrant, Session, User
from curriculum.models import Course
from kpis.models import Measurement
from kpis.tests.measured import COMPLETION, NOW, course, manager, measured, staff
from kpisite.tests.cached_visitors import (
    API,
    BY_COURSE,
    PAGE,
    Clock,
    Visitor,
    assert_right,
    program,
    text_of,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


def revoke(key: ApiKey) -> None:
    key.revoked_at = timezone.now()
    key.save()


def take_scope(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(scopes=["events:write"])


@pytest.mark.parametrize("change", [revoke, take_scope, ApiKey.delete])
def test_a_key_without_the_right_is_refused(py: Course, change: Callable[[ApiKey], object]) -> None:
    key, bi = program()
    before = bi.warms_up()
    change(key)

    assert bi.gets().status_code in (401, 403)
    assert_right(bi, API, changed_from=before)


def test_a_key_sees_no_longer_the_courses_taken_from_it(py: Course) -> None:
    key, bi = program(courses=(py, course("db")))
    path = f"{API}?course=py"
    before = bi.warms_up(path)
    key.courses.remove(py)

    assert bi.gets(path).status_code == 400
    assert_right(bi, path, changed_from=before)


def test_a_key_expires_within_the_minute(py: Course, clock: Clock) -> None:
    key, bi = program()
    ApiKey.objects.filter(pk=key.pk).update(expires_at=NOW + timedelta(seconds=20))
    bi.warms_up()
    clock.advance(seconds=20)

    assert bi.gets().status_code == 401


def test_a_replaced_secret_expires_within_the_minute(py: Course, clock: Clock) -> None:
    key, bi = program()
    rotate_api_key(key, overlap=timedelta(seconds=20), expires_at=None, now=NOW)
    bi.warms_up()
    clock.advance(seconds=20)

    assert bi.gets().status_code == 401


def test_the_use_of_a_key_is_counted_all_the_same(py: Course, clock: Clock) -> None:
    key, bi = program()
    bi.warms_up()
    store_counts()
    bi.warms_up()
    clock.advance(seconds=10)
    before = bi.gets()
    store_counts()
    key.refresh_from_db()

    assert key.last_used_at == clock.now
    assert "RateLimit" not in before.headers


def end_sessions(user: User) -> None:
    Session.objects.all().delete()


def change_password(user: User) -> None:
    user.set_password("another")
    user.save()


def close_account(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def take_grants(user: User) -> None:
    CourseGrant.objects.filter(user=user).delete()


@pytest.mark.parametrize("path", [API, PAGE])
@pytest.mark.parametrize("change", [end_sessions, change_password, close_account, take_grants])
def test_an_account_without_the_right_is_refused(
    py: Course, change: Callable[[User], object], path: str
) -> None:
    user = manager(py)
    bo = Visitor(user)
    bo.warms_up(path)
    change(user)

    assert bo.gets(path).status_code in (302, 401, 403)


def test_signing_out_ends_what_the_same_cookies_see(py: Course) -> None:
    ada = Visitor(staff())
    ada.warms_up(PAGE)
    stolen = {name: cookie.value for name, cookie in ada.client.cookies.items()}
    ada.client.post("/sign-out")
    ada.client.cookies.load(stolen)

    assert ada.gets(PAGE).status_code == 302


def test_another_course_is_granted_and_taken(py: Course) -> None:
    db = course("db")
    measured(COMPLETION, "2026-06", 50, 100, of=db)
    user = manager(py)
    bo = Visitor(user)
    before = bo.warms_up(BY_COURSE)
    grant = CourseGrant.objects.create(user=user, course=db)
    assert_right(bo, BY_COURSE, changed_from=before)
    before = bo.warms_up(BY_COURSE)
    grant.delete()
    assert_right(bo, BY_COURSE, changed_from=before)


def small_groups() -> Permission:
    return Permission.objects.get(codename="view_small_groups")


def give(user: User) -> None:
    user.user_permissions.add(small_groups())


def give_to_group(user: User) -> None:
    Group.objects.get(name="analysts").permissions.add(small_groups())


def join_group(user: User) -> None:
    group = Group.objects.create(name="privileged")
    group.permissions.add(small_groups())
    user.groups.add(group)


def become_superuser(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)


@pytest.mark.parametrize("change", [give, give_to_group, join_group, become_superuser])
def test_small_groups_appear_and_disappear_with_the_permission(
    py: Course, change: Callable[[User], object]
) -> None:
    Measurement.objects.update(n=3, total=2, weight=3, learners=3)
    user = manager(py)
    user.groups.add(Group.objects.create(name="analysts"))
    bo = Visitor(user)
    hidden = bo.warms_up()
    change(user)
    assert_right(bo, API, changed_from=hidden)
    shown = bo.warms_up()
    user.user_permissions.clear()
    user.groups.clear()
    User.objects.filter(pk=user.pk).update(is_superuser=False)

    assert_right(bo, API, changed_from=shown)
    assert text_of(bo.gets()) == text_of(hidden)


def test_a_session_ends_within_the_minute(py: Course, clock: Clock) -> None:
    bo = Visitor(manager(py))
    bo.gets(PAGE)
    session = bo.client.session
    session["signed_in_at"] = clock.timestamp() - settings.KPI_SESSION_DAYS * 24 * 3_600 + 20
    session.save()
    bo.warms_up(PAGE)
    clock.advance(seconds=21)

    assert bo.gets(PAGE).status_code == 302


def test_an_active_session_lasts_although_its_pages_are_cached(py: Course, clock: Clock) -> None:
    bo = Visitor(manager(py))
    for _ in range(3 * settings.KPI_SESSION_IDLE_HOURS // 10):
        for _ in range(10):
            bo.gets("/api/kpi")
        clock.advance(hours=5)

    assert bo.gets("/api/kpi").status_code == 200
