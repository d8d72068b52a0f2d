"""What learners do after a contact is measured from the facts, and compared with similar ones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.reader import Reader
from accounts.tests.people import account
from core.personal_data import PERSONAL_DATA
from curriculum.erasing import erase
from curriculum.models import CourseRun, Enrollment
from support.contacting import note_contact
from support.following import follow
from support.models import Contact, Standing
from support.outcomes import outcomes
from support.ranking import rank
from support.tests.classes import NOW, at_noon, did, enroll, run_from, school, was_active

pytestmark = pytest.mark.django_db
# NOW is day 44, 1 July
START = date(2026, 5, 18)
DAY_20 = date(2026, 6, 7)


@pytest.fixture
def run() -> CourseRun:
    return run_from(school(), START)


@pytest.fixture
def tutor() -> User:
    return account("Tina", is_staff=True)


def contact(one: Enrollment, by: User, on: date = DAY_20, result: str = "answered") -> Contact:
    return note_contact(one, by, on=on, channel="email", result=result, now=NOW)


def late(run: CourseRun, *names: str) -> list[Enrollment]:
    """Enroll learners who were active until day 4 and have done the first module."""
    made = [enroll(run, name) for name in names]
    for one in made:
        was_active(one, 0, 4)
        did(one, 1)
    return made


def test_a_contact_is_followed_for_two_weeks_and_compared(run: CourseRun, tutor: User) -> None:
    ada, bo, cleo, dora = late(run, "Ada", "Bo", "Cleo", "Dora")
    was_active(ada, 21, 25)
    was_active(bo, 30)
    did_later(ada, 2, 3, 4, 5)
    # active, but only before the contact or after the two weeks
    was_active(cleo, 40)
    made = contact(ada, tutor)
    assert follow(NOW) == 1
    made.refresh_from_db()

    assert (made.came_back, made.was_behind, made.caught_up) == (True, True, True)
    # Bo, Cleo and Dora stood alike on that day; Bo came back, nobody caught up
    assert (made.similar, made.similar_came_back) == (3, 1)
    assert (made.similar_behind, made.similar_caught_up) == (3, 0)
    assert (made.finished, made.followed_at) == (None, NOW)
    assert dora.pk


def did_later(one: Enrollment, *positions: int) -> None:
    """Complete modules on day 22."""
    from engagement.models import ModuleProgress  # noqa: PLC0415

    for line in one.plan.filter(position__in=positions):
        at = at_noon(START + timedelta(days=22))
        ModuleProgress.objects.create(planned=line, reached_at=at, done_at=at)


def test_nothing_is_measured_before_the_two_weeks_are_over(run: CourseRun, tutor: User) -> None:
    (ada,) = late(run, "Ada")
    # 17 June: the two weeks end with 1 July
    contact(ada, tutor, on=date(2026, 6, 17))

    assert follow(NOW) == 0
    assert follow(NOW + timedelta(days=1)) == 1
    assert follow(NOW + timedelta(days=1)) == 0


def test_the_end_of_the_course_is_measured_once_it_is_over(run: CourseRun, tutor: User) -> None:
    ada, bo, _cleo = late(run, "Ada", "Bo", "Cleo")
    made = contact(ada, tutor)
    follow(NOW)
    end = at_noon(START + timedelta(days=60))
    Enrollment.objects.filter(pk__in=[ada.pk, bo.pk]).update(completed_at=end)
    assert follow(NOW + timedelta(days=30)) == 1
    made.refresh_from_db()

    assert (made.finished, made.similar_over, made.similar_finished) == (True, 2, 1)
    assert follow(NOW + timedelta(days=31)) == 0


def test_an_enrollment_that_no_longer_counts_is_closed(run: CourseRun, tutor: User) -> None:
    (ada,) = late(run, "Ada")
    made = contact(ada, tutor)
    ada.learner.kind = "test"
    ada.learner.save()
    follow(NOW)
    made.refresh_from_db()

    assert (made.came_back, made.finished) == (None, False)
    assert follow(NOW) == 0


def test_whoever_had_left_is_compared_with_nobody(run: CourseRun, tutor: User) -> None:
    ada, _bo = late(run, "Ada", "Bo")
    Enrollment.objects.filter(pk=ada.pk).update(withdrawn_at=at_noon(date(2026, 6, 1)))
    made = contact(ada, tutor)
    follow(NOW)
    made.refresh_from_db()

    assert (made.came_back, made.similar) == (False, 0)


def test_a_contact_sent_twice_is_noted_once(run: CourseRun, tutor: User) -> None:
    (ada,) = late(run, "Ada")

    assert contact(ada, tutor) == contact(ada, tutor)
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("on", "why"), [(date(2026, 7, 2), "future"), (date(2026, 5, 17), "before the learner's start")]
)
def test_an_impossible_day_is_rejected(run: CourseRun, tutor: User, on: date, why: str) -> None:
    (ada,) = late(run, "Ada")

    with pytest.raises(ValidationError, match=why):
        contact(ada, tutor, on=on)


def test_outcomes_weigh_each_contact_by_its_own_similar_learners(
    run: CourseRun, tutor: User
) -> None:
    ada, bo = late(run, "Ada", "Bo")
    for one, came_back, alike, did_so in ((ada, True, 10, 2), (bo, False, 4, 4)):
        made = contact(one, tutor)
        made.came_back, made.similar, made.similar_came_back = came_back, alike, did_so
        made.save()
    # a second contact of the same learner follows up on the first
    contact(ada, tutor, on=date(2026, 6, 9), result="no_answer")
    found = outcomes(Reader.of(tutor), NOW.date())

    # 2 of 10 and 4 of 4 make 0.2 + 1 = 1.2 learners of two
    assert (found.contacts, found.came_back.contacted, found.came_back.done) == (2, 2, 1)
    assert found.came_back.expected == pytest.approx(1.2)
    assert not found.came_back.is_shown


def test_outcomes_leave_out_other_courses_and_other_years(run: CourseRun, tutor: User) -> None:
    (ada,) = late(run, "Ada")
    contact(ada, tutor)
    stranger = Reader.of(account("Cleo"))

    assert outcomes(stranger, NOW.date()).contacts == 0
    assert outcomes(Reader.of(tutor), date(2027, 8, 1)).contacts == 0
    assert outcomes(Reader.of(tutor), NOW.date(), run=run).contacts == 1


def test_erasing_a_learner_leaves_the_outcome_and_nothing_about_the_person(
    run: CourseRun, tutor: User
) -> None:
    (ada,) = late(run, "Ada")
    made = contact(ada, tutor)
    Contact.objects.update(note="Ada has moved to Rome.", came_back=True)
    rank(NOW)
    erase(ada.learner)
    made.refresh_from_db()

    assert (made.note, made.came_back) == ("", True)
    assert not Standing.objects.exists()
    assert "support.Contact" in PERSONAL_DATA
