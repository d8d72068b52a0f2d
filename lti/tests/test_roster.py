from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import CourseGrant
from accounts.tests.people import course, learner, run_of
from curriculum.models import Enrollment, Learner
from intake.models import Event
from lti.models import Context, Participation
from lti.roster import RosterError, read_roster, read_rosters
from lti.tests.lms import INSTRUCTOR, LEARNER, Lms, publish_tool_keys, the_context

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)
INES: dict[str, Any] = {"user_id": "ines", "roles": [INSTRUCTOR], "name": "Ines"}


def entry(subject: str, **more: Any) -> dict[str, Any]:
    return {"user_id": subject, "roles": [LEARNER], "name": subject.title(), **more}


@pytest.fixture
def context(client: Client, lms: Lms) -> Context:
    """Return the LMS's course, whose instructor has opened the site once."""
    lms.connected()
    lms.open(client, "ines")
    the_context(course=course())
    lms.open(client, "ines")
    publish_tool_keys()
    lms.roster = [INES]
    return Context.objects.select_related("platform", "course", "run").get()


def learners_of(context: Context) -> set[str]:
    rows = Participation.objects.filter(context=context, is_learner=True)
    return set(rows.values_list("member__subject", flat=True))


def test_the_roster_names_the_learners_of_events(context: Context, lms: Lms) -> None:
    learner("leo")
    Learner.objects.update(name="")
    lms.roster += [entry("leo", email="leo@example.com"), entry("mia")]

    assert read_roster(context, NOW) == 3

    names = Learner.objects.values_list("key", "name", "email")
    assert set(names) == {("leo", "Leo", "leo@example.com"), ("mia", "Mia", "")}
    assert learners_of(context) == {"leo", "mia"}
    assert Context.objects.get().roster_read_at == NOW


def test_a_roster_comes_in_pages(context: Context, lms: Lms) -> None:
    lms.roster += [entry(f"learner-{at}") for at in range(25)]
    lms.page = 10
    assert read_roster(context, NOW) == 26
    assert len(learners_of(context)) == 25


def test_reading_it_again_changes_nothing(context: Context, lms: Lms) -> None:
    lms.roster.append(entry("leo"))
    read_roster(context, NOW)
    before = list(Participation.objects.values())
    read_roster(context, NOW)
    assert list(Participation.objects.values()) == before


@pytest.mark.parametrize("left", [[], [{**INES, "status": "Inactive"}]])
def test_who_left_the_course_loses_the_grant(
    context: Context, lms: Lms, left: list[dict[str, Any]]
) -> None:
    assert CourseGrant.objects.exists()
    lms.roster = [*left, entry("leo")]
    read_roster(context, NOW)
    assert not CourseGrant.objects.exists()


def test_where_staff_say_so_the_roster_enrolls(context: Context, lms: Lms) -> None:
    run = run_of(context.course, "spring")  # type: ignore[arg-type]
    Context.objects.update(run=run, enrolls=True)
    context = Context.objects.select_related("platform", "course", "run").get()
    lms.roster += [entry("leo"), entry("mia")]

    read_roster(context, NOW)
    read_roster(context, NOW)

    assert set(Enrollment.objects.values_list("learner__key", "run__key", "enrolled_at")) == {
        ("leo", "spring", NOW),
        ("mia", "spring", NOW),
    }
    assert Event.objects.count() == 2


def test_otherwise_nobody_is_enrolled(context: Context, lms: Lms) -> None:
    lms.roster.append(entry("leo"))
    read_roster(context, NOW)
    assert not Enrollment.objects.exists()


def test_a_roster_that_cannot_be_read_changes_nothing(context: Context, lms: Lms) -> None:
    lms.roster, lms.status = [], 403
    with pytest.raises(RosterError, match="403"):
        read_roster(context, NOW)
    assert CourseGrant.objects.exists()
    stored = Context.objects.get()
    assert "403" in stored.roster_error
    assert stored.roster_read_at is None


def test_the_token_goes_to_no_other_host(context: Context, lms: Lms) -> None:
    lms.roster += [entry("leo"), entry("mia")]
    lms.page, lms.next_page = 1, lambda url: url.replace("127.0.0.1", "localhost")
    with pytest.raises(RosterError, match="localhost"):
        read_roster(context, NOW)


def test_all_connected_courses_are_read_at_night(context: Context, lms: Lms) -> None:
    assert read_rosters(NOW) == 1
    lms.status = 500
    assert read_rosters(NOW) == 0
    Context.objects.update(course=None)
    assert read_rosters(NOW) == 0


def test_entries_without_an_id_are_passed_over(context: Context, lms: Lms) -> None:
    lms.roster += [{"roles": [LEARNER]}, {"user_id": 7, "roles": [LEARNER]}, "x", entry("leo")]  # type: ignore[list-item]
    assert read_roster(context, NOW) == 2
