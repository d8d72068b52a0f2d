from __future__ import annotations

import pytest

from accounts.tests.people import moment
from curriculum import enrolling
from curriculum.models import Enrollment, Pause
from curriculum.tests.enrolled import due, enrolled, plan

pytestmark = pytest.mark.django_db


def paused(enrollment: Enrollment, *starts: str) -> None:
    enrolling.pause((enrollment.pk, moment(start)) for start in starts)


def resumed(enrollment: Enrollment, *ends: str) -> None:
    enrolling.resume((enrollment.pk, moment(end)) for end in ends)


def test_while_a_pause_is_open_later_due_dates_are_open() -> None:
    ada = enrolled()
    paused(ada, "2026-01-14")

    assert due(ada) == "open"
    assert plan(ada) == ["m1 01-12", "m2 open"]


def test_a_pause_moves_later_due_dates_by_its_length() -> None:
    ada = enrolled()
    paused(ada, "2026-01-14")
    resumed(ada, "2026-01-24")

    # ten days
    assert due(ada) == "02-26"
    assert plan(ada) == ["m1 01-12", "m2 01-29"]


def test_a_repeated_pause_counts_once() -> None:
    ada = enrolled()
    for _ in range(2):
        paused(ada, "2026-01-14")
        resumed(ada, "2026-01-24")

    assert due(ada) == "02-26"
    assert Pause.objects.count() == 1


def test_two_pauses_add_up() -> None:
    ada = enrolled()
    paused(ada, "2026-01-14", "2026-02-01")
    resumed(ada, "2026-01-24", "2026-02-03")

    # ten days and two
    assert due(ada) == "02-28"


def test_a_pause_after_the_due_date_has_no_effect() -> None:
    ada = enrolled()
    paused(ada, "2026-03-01")

    assert due(ada) == "02-16"


def test_a_pause_before_the_moved_due_date_counts() -> None:
    ada = enrolled()
    paused(ada, "2026-02-10", "2026-02-20")
    resumed(ada, "2026-02-18", "2026-02-21")

    # due on the 16th, with eight days on the 24th, and so the pause of the 20th adds its one
    assert due(ada) == "02-25"


def test_one_resumption_ends_a_pause_reported_twice() -> None:
    ada = enrolled()
    paused(ada, "2026-01-14", "2026-01-16")
    resumed(ada, "2026-01-24")

    # from the 14th to the 24th, once
    assert due(ada) == "02-26"


def test_a_resumption_without_a_pause_has_no_effect() -> None:
    ada = enrolled()
    resumed(ada, "2026-01-24")

    assert due(ada) == "02-16"


def test_pauses_and_resumptions_can_arrive_late() -> None:
    ada = enrolled()
    paused(ada, "2026-02-01")
    resumed(ada, "2026-02-03")
    paused(ada, "2026-01-14")
    resumed(ada, "2026-01-24")

    # ten days and two, as if they had come in their order
    assert due(ada) == "02-28"


def test_a_pause_that_arrives_after_its_resumption_is_closed() -> None:
    ada = enrolled()
    paused(ada, "2026-01-14")
    resumed(ada, "2026-01-24")
    paused(ada, "2026-01-16")

    assert due(ada) == "02-26"
