"""Adjustments in the admin: staff decide about them, and nobody edits them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin_pages import staff as signed_in
from curriculum.models import Course
from improvement import decisions
from improvement.models import Adjustment, AdjustmentEvent
from improvement.tests.admin_lists import ADJUSTMENTS, HOME, NOW, chosen
from improvement.tests.answering import (
    proposed,
    value_in,
)
from improvement.tests.test_api import measured_effect
from kpis.tests.measured import staff
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_april_2026")]


@pytest.fixture
def ada() -> Visitor:
    return Visitor(staff())


def confirmed(client: Client, action: str, page: str, **given: str) -> str:
    """Send the form of a confirmation page as it was shown."""
    seen = re.findall(r'name="seen" value="([^"]+)"', page)
    sent = {"seen": seen, **given}
    return client.post(f"{ADJUSTMENTS}decide/{action}/", sent, follow=True).content.decode()


def test_the_page_of_an_adjustment_has_its_history(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = ada.reads(f"{ADJUSTMENTS}{made.pk}/change/")

    assert "10 → 20 items" in page
    assert "60.0%, 85.0%" in page
    assert "Planned is 60.0% (target 85.0%)." in page
    assert "Not measured yet." in page
    assert "decide/approve/?pk=" in ada.html
    assert "decide/keep/?pk=" not in ada.html


def test_staff_approve_and_the_value_applies(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = chosen(ada.client, "approve", made)
    answer = confirmed(ada.client, "approve", page, reason="Yes.")
    made.refresh_from_db()

    assert "Practice items, Py (10 → 20 items) – Waiting for a decision" in page
    assert "Practice items, Py (10 → 20 items): approved" in answer
    assert (made.status, made.decision_reason) == ("watched", "Yes.")
    assert made.decided_by == User.objects.get()
    assert value_in(Course.objects.get(), NOW) == 20


def test_an_approval_can_be_for_later(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = chosen(ada.client, "approve", made)
    later = {"applies_from_0": "2026-05-01", "applies_from_1": "00:00:00"}
    confirmed(ada.client, "approve", page, **later)
    made.refresh_from_db()

    assert (made.status, str(made.applies_from)) == ("approved", "2026-05-01 00:00:00+00:00")


def test_a_rejection_needs_a_reason_and_keeps_what_was_shown(ada: Visitor) -> None:
    made = proposed()
    page = chosen(ada.client, "reject", made)
    again = confirmed(ada.client, "reject", page, reason=" ")

    assert "Enter a reason." in again
    assert f'value="{made.pk}-1"' in again
    assert "rejected" in confirmed(ada.client, "reject", again, reason="No.")
    made.refresh_from_db()
    assert made.status == "rejected"


@pytest.mark.parametrize("action", ["keep", "revert"])
def test_an_applied_change_is_kept_or_reverted(ada: Visitor, action: str) -> None:
    made = decisions.approve(proposed(steps=2), None, now=NOW)
    link = f"{ADJUSTMENTS}decide/{action}/?pk={made.pk}"
    confirmed(ada.client, action, ada.client.get(link).content.decode(), reason="Known.")
    made.refresh_from_db()

    assert made.status == {"keep": "kept", "revert": "reverted"}[action]


def test_what_somebody_else_decided_meanwhile_is_reported_and_stays(ada: Visitor) -> None:
    made = proposed(steps=2)
    page = chosen(ada.client, "approve", made)
    bo = User.objects.create_user("bo@example.com", name="Bo")
    decisions.reject(made, bo, reason="No.", now=NOW)
    answer = confirmed(ada.client, "approve", page)

    assert "This adjustment has changed meanwhile: Rejected by Bo" in answer
    assert value_in(Course.objects.get(), NOW) == 10


def test_of_several_adjustments_the_stale_ones_are_named_and_the_others_decided(
    ada: Visitor,
) -> None:
    stale = proposed(steps=2)
    other = Adjustment.objects.get(pk=stale.pk)
    other.pk, other.rule, other.change, other.parameter = None, None, None, None
    other.status, other.applies_from, other.place = "watched", NOW, "Elsewhere"
    other.save()
    keepable = decisions.approve(stale, None, now=NOW)
    page = chosen(ada.client, "keep", keepable, other)
    answer = confirmed(ada.client, "keep", page)

    assert "Practice items, Py (10 → 20 items): kept" in answer
    assert "The course, run or module no longer exists." in answer


def test_a_malformed_or_unknown_choice_changes_nothing(ada: Visitor) -> None:
    made = proposed()
    path = f"{ADJUSTMENTS}decide/approve/"
    for seen in ("", "x-1", f"{made.pk}", "999-1", "9" * 30 + "-1"):
        assert ada.client.post(path, {"seen": seen}).status_code == 302

    made.refresh_from_db()
    assert made.version == 1
    assert ada.client.get(f"{ADJUSTMENTS}decide/delete/").status_code == 404


def test_deciding_needs_the_permission(client: Client) -> None:
    signed_in(client, "view_adjustment", "view_adjustmentevent")
    made = proposed()

    assert client.post(f"{ADJUSTMENTS}decide/approve/").status_code == 403
    assert "decide/approve" not in client.get(f"{ADJUSTMENTS}{made.pk}/change/").content.decode()
    assert 'name="seen"' not in chosen(client, "approve", made)


def test_without_access_to_small_groups_no_figures_are_shown(client: Client, ada: Visitor) -> None:
    made = proposed()
    Adjustment.objects.update(effect=measured_effect(is_small=True))
    signed_in(client, "view_adjustment", "view_adjustmentevent")
    event = AdjustmentEvent.objects.get()
    pages = (
        "adjustment/", f"adjustment/{made.pk}/change/", "adjustmentevent/",
        f"adjustmentevent/{event.pk}/change/",
    )  # fmt: skip
    for page in pages:
        shown = client.get(HOME + page)
        assert shown.status_code == 200
        assert "60.0" not in shown.content.decode()
        assert "15.0 pts" not in shown.content.decode()

    assert "by 15.0 pts" in ada.reads(f"{ADJUSTMENTS}{made.pk}/change/")


def test_adjustments_and_their_history_are_read_only(ada: Visitor) -> None:
    made = proposed()
    event = AdjustmentEvent.objects.get()
    for page in (f"adjustment/{made.pk}", f"adjustmentevent/{event.pk}"):
        ada.client.post(f"{HOME}{page}/change/", {"status": "kept", "kind": "kept"})
        assert ada.client.get(f"{HOME}{page}/delete/").status_code == 403
    made.refresh_from_db()

    assert made.status == "proposed"
    assert AdjustmentEvent.objects.get().kind == "proposed"
    with pytest.raises(ValueError, match="cannot be changed"):
        event.save()


def test_the_list_needs_no_query_per_row(ada: Visitor, django_assert_max_num_queries: Any) -> None:
    made = proposed()
    for number in range(5):
        copy = Adjustment.objects.get(pk=made.pk)
        copy.pk, copy.change, copy.rule, copy.status = None, None, None, "declined"
        copy.place = f"Copy {number}"
        copy.save()
    with django_assert_max_num_queries(20):
        page = ada.reads(ADJUSTMENTS)

    assert "Copy 4" in page
