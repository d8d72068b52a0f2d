"""Ada and Bo invite; Cleo and Dan follow."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.tests.people import learner, moment
from business.models import Invitation, Referral
from business.referral_codes import code_of, digest_of, remember
from business.tests.shop import (
    did,
    enrolled,
    event,
    period,
    rejection_of,
    rows_of,
    school,
    sums,
    table,
)
from core.readable_codes import normalize_code
from curriculum.models import Learner
from intake.events.senders import Sender
from intake.models import Event
from intake.receiving.receive import receive
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import StaleDay
from kpis.tests.stale import marked_days

pytestmark = pytest.mark.django_db

MAY = "2026-05"


@pytest.fixture(autouse=True)
def _school() -> None:
    school("py", "sql")


def test_there_is_no_value_without_any_referral_ever() -> None:
    enrolled("cleo", at="2026-05-02")

    assert sums("referral", MAY) == (0, 0)


def test_the_first_referral_gives_every_day_a_value(ada: str) -> None:
    enrolled("cleo", at="2026-05-02")
    StaleDay.objects.all().delete()
    enrolled("dan", at="2026-06-02", referral_code=ada)

    assert sums("referral", MAY) == (0, 1)
    assert date(2026, 5, 2) in marked_days()


@pytest.fixture
def ada() -> str:
    """Ada's code."""
    return code_of(learner("Ada")).code


def referred() -> list[tuple[str, str, str | None, str]]:
    """Each referral: the learner, the referrer, the run, and the reason for rejection."""
    rows = Referral.objects.order_by("accepted_at", "code")
    return [
        (
            one.learner.key,
            one.referrer.key if one.referrer else "",
            one.enrollment.run.key if one.enrollment else None,
            one.rejected,
        )
        for one in rows
    ]


def test_referral_is_the_share_of_referred_enrollments(ada: str) -> None:
    enrolled("cleo", at="2026-05-03", referral_code=ada)
    enrolled("dan", at="2026-05-04")

    assert sums("referral", MAY) == (1, 2)
    assert sums("enrollment", MAY) == (2, 2)


def test_a_code_is_recognized_however_it_is_typed(ada: str) -> None:
    enrolled("cleo", at="2026-05-03", referral_code=f" {ada[:4].lower()}-{ada[4:].lower()}")

    assert sums("referral", MAY) == (1, 1)


def test_an_unknown_code_is_no_referral() -> None:
    enrolled("cleo", at="2026-05-03", referral_code="NOBODYS")

    assert sums("referral", MAY) == (0, 1)
    assert referred() == [("cleo", "", None, "unknown")]


def test_ones_own_code_is_rejected(ada: str) -> None:
    enrolled("ada", at="2026-05-03", referral_code=ada)

    assert referred() == [("ada", "ada", None, "self")]


@pytest.mark.parametrize("address", ["J.Oe+x@gmail.com", "joe@googlemail.com", " JOE@gmail.com"])
def test_ones_own_code_is_rejected_for_other_spellings_of_the_address(address: str) -> None:
    code = code_of(Learner.objects.create(key="joe@gmail.com")).code
    enrolled(address, at="2026-05-03", referral_code=code)

    assert [reason for *_, reason in referred()] == ["self"]


def test_dots_in_an_address_matter_except_at_gmail() -> None:
    code = code_of(Learner.objects.create(key="jo.e@example.com")).code
    enrolled("joe@example.com", at="2026-05-03", referral_code=code)

    assert [reason for *_, reason in referred()] == [""]


def test_ones_own_code_is_rejected_for_another_account_with_the_same_address(ada: str) -> None:
    Learner.objects.filter(key="ada").update(email="Ada@example.com")
    enrolled("ada@EXAMPLE.com", at="2026-05-03", referral_code=ada)

    assert [reason for *_, reason in referred()] == ["self"]


def test_the_first_referral_counts(ada: str) -> None:
    bo = code_of(learner("Bo")).code
    did("referral.accepted", "2026-05-05", "cleo", course="py", code=bo)
    did("referral.accepted", "2026-05-04", "cleo", course="py", code=ada)
    enrolled("cleo", at="2026-05-06")

    assert referred() == [("cleo", "ada", "r1", ""), ("cleo", "bo", None, "later")]
    assert sums("referral", MAY) == (1, 1)


def test_after_a_rejected_referral_the_next_one_counts(ada: str) -> None:
    did("referral.accepted", "2026-05-04", "cleo", course="py", code="NOBODYS")
    enrolled("cleo", at="2026-05-06", referral_code=ada)

    assert referred() == [("cleo", "", None, "unknown"), ("cleo", "ada", "r1", "")]


def test_a_referral_can_arrive_before_or_after_the_enrollment(ada: str) -> None:
    did("referral.accepted", "2026-05-04", "cleo", course="py", code=ada)
    assert referred() == [("cleo", "ada", None, "not_enrolled")]

    enrolled("cleo", "dan", at="2026-05-06")
    did("referral.accepted", "2026-05-04", "dan", course="py", code=ada)

    assert [one[2:] for one in referred()] == [("r1", ""), ("r1", "")]


def test_a_referral_counts_only_in_its_course(ada: str) -> None:
    did("referral.accepted", "2026-05-04", "cleo", course="sql", code=ada)
    enrolled("cleo", at="2026-05-06")

    assert sums("referral", MAY) == (0, 1)


def test_an_external_code_belongs_to_the_learner_who_first_invited_with_it() -> None:
    enrolled("cleo", at="2026-05-06", referral_code="SPRING")
    did("invitation.sent", "2026-05-02", "bo", code="spring")
    did("invitation.sent", "2026-05-01", "ada", code="spring")

    assert referred() == [("cleo", "ada", "r1", "")]


def test_a_remembered_code_is_used_for_the_enrollment(ada: str) -> None:
    now = timezone.now()
    for who, age in (("Cleo", 1), ("Dan", 89), ("Eve", 91)):
        remember(learner(who), ada, now=now - timedelta(days=age))
    enrolled("cleo", "dan", "eve", at=now.isoformat())

    assert {one[0] for one in referred()} == {"cleo", "dan"}


def test_a_code_remembered_after_the_enrollment_is_not_used(ada: str) -> None:
    remember(learner("Cleo"), ada, now=moment("2026-05-09"))
    enrolled("cleo", at="2026-05-06")

    assert referred() == []


def test_a_cancelled_enrollment_does_not_count(ada: str) -> None:
    enrolled("cleo", "dan", at="2026-05-03", referral_code=ada)
    did("enrollment.withdrawn", "2026-05-04", "cleo", course="py")

    assert sums("referral", MAY) == (1, 1)
    columns = ("title", "gross", "cancelled", "transferred", "net", "unique")
    assert rows_of(table("enrollment", "counts", MAY), *columns) == [("Course py", 2, 1, 0, 1, 1)]


def test_the_group_size_of_a_row_excludes_cancelled_learners(ada: str) -> None:
    enrolled("cleo", "dan", at="2026-05-03", referral_code=ada)
    did("enrollment.withdrawn", "2026-05-04", "cleo", course="py")
    assert rows_of(table("enrollment", "counts", MAY), "learners") == [(1,)]

    did("enrollment.withdrawn", "2026-05-04", "dan", course="py")
    assert rows_of(table("enrollment", "counts", MAY), "learners") == [(2,)]


def test_a_transfer_is_not_a_new_enrollment() -> None:
    """Cleo changes runs after the cut-off, Dan comes back after two months."""
    enrolled("cleo", "dan", at="2026-03-01", run="r1")
    for who in ("cleo", "dan"):
        did("enrollment.withdrawn", "2026-03-20", who, course="py")
    enrolled("cleo", at="2026-04-10", run="r2")
    enrolled("dan", at="2026-05-30", run="r2")

    assert sums("enrollment", "2026-03") == (2, 2)
    assert sums("enrollment", "2026-04") == (0, 0)
    assert sums("enrollment", MAY) == (1, 1)


def test_enrolling_in_another_course_is_not_a_transfer() -> None:
    enrolled("cleo", at="2026-03-01")
    did("enrollment.withdrawn", "2026-03-20", "cleo", course="py")
    enrolled("cleo", at="2026-03-21", course="sql")

    assert sums("enrollment", "2026-03") == (2, 2)


def test_a_learners_code_is_created_once_and_is_readable() -> None:
    one = learner("Ada")
    code = code_of(one)

    assert code_of(one) == code
    assert normalize_code(str(code).lower()) == code.code
    assert len(code.code) == 8


def test_an_invitees_address_is_not_stored() -> None:
    did("invitation.sent", "2026-05-02", "ada", invitee=" Cleo@Example.com")

    assert Invitation.objects.get().invitee == digest_of("cleo@example.com")
    assert "leo@" not in repr(list(Event.objects.values()))


def test_an_invitation_needs_a_learner() -> None:
    assert rejection_of("invitation.sent", "2026-05-02") == (
        "learner: required for invitation.sent."
    )
    assert rejection_of("subscription.started", "2026-05-02", subscription="s") == (
        "learner: required for subscription.started unless data.customer is given."
    )
    assert rejection_of("referral.accepted", "2026-05-02", "ada", code="A") == (
        "course: required for referral.accepted."
    )


def test_an_unknown_learner_is_rejected() -> None:
    raw = event("invitation.sent", "2026-05-02", "stranger")
    (outcome,) = receive([raw], Sender("strict"))

    assert outcome.code == "unknown_learner"


K = ("active", "sent", "each", "started", "share", "k", "median")


def test_the_k_factor(ada: str) -> None:
    """Ada and Bo send four invitations: Cleo comes within 30 days, Dan a moment too late, Eve by
    Ada's code, and Finn not at all."""
    enrolled("ada", at="2026-04-21")
    enrolled("bo", at="2026-04-28")
    did("invitation.sent", "2026-05-01", "ada", invitee="cleo")
    did("invitation.sent", "2026-05-02", "ada", code=ada)
    did("invitation.sent", "2026-05-02", "bo", invitee="dan")
    did("invitation.sent", "2026-05-04", "bo", invitee="finn@example.com")
    enrolled("cleo", at="2026-05-31T11:59:59Z", course="sql")
    enrolled("dan", at="2026-06-01", course="sql")
    enrolled("eve", at="2026-06-01T11:59:59Z", course="sql", referral_code=ada)
    (row,) = rows_of(table("referral", "invitations", MAY), *K)

    # Ada, Bo and, from 31 May on, Cleo are active: 4 ÷ 3 × 2 ÷ 4. Ada's first invitation came
    # after 10 days, Bo's after 4: the median is 7
    assert row == (3, 4, pytest.approx(4 / 3), 2, 0.5, pytest.approx(2 / 3), 7)


def test_the_k_factor_waits_for_thirty_days(ada: str) -> None:
    enrolled("ada", at="2026-04-21")
    did("invitation.sent", "2026-05-01", "ada", invitee="cleo")
    may = period(MAY).as_of(moment("2026-06-30T23:59:59"))
    found = REGISTRY["business.referral"].drill_downs["invitations"].table(may, Scope())

    # the median is of Ada alone: from 21 April to 1 May
    assert rows_of(found.rows, *K) == [(1, 1, 1, None, None, None, 10)]
