"""The page of one adjustment, and the decisions on it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.tests.people import account, course
from alerts.tests.alerted import create_alert
from curriculum import parameters
from curriculum_pages.tests.adjusted import PAGE, PASS_MARK, at, decides, proposed, sends
from improvement.models import Adjustment
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db
Status = Adjustment.Status


def status_of(adjustment: Adjustment) -> str:
    return Adjustment.objects.get(pk=adjustment.pk).status


def test_approving_changes_the_value_from_now_on(ada: Visitor) -> None:
    python = course("py")
    adjustment = proposed(python)

    text = decides(ada, adjustment, "approve", reason="Worth a try.")

    assert "Adjustment approved." in text
    assert "Approved by Ada. Worth a try." in text
    assert parameters.current_value(PASS_MARK, course=python) == Decimal("0.55")


def test_approving_for_a_later_day_changes_nothing_yet(ada: Visitor) -> None:
    python = course("py")

    text = decides(ada, proposed(python), "approve", applies_from="2026-08-01")

    assert "60% → 55%, not yet in force." in text
    assert parameters.current_value(PASS_MARK, course=python) == Decimal("0.6")


def test_a_day_in_the_past_is_refused_with_a_sentence(ada: Visitor) -> None:
    adjustment = proposed(course("py"))

    text = decides(ada, adjustment, "approve", applies_from="2026-07-01")

    assert ada.status == 400
    assert "Enter today or a later day." in text
    assert status_of(adjustment) == Status.PROPOSED


def test_rejecting_needs_a_reason(ada: Visitor) -> None:
    adjustment = proposed(course("py"))

    assert "Enter a reason for rejecting." in decides(ada, adjustment, "reject")
    assert status_of(adjustment) == Status.PROPOSED


def test_an_outdated_form_says_who_decided_and_keeps_the_input(ada: Visitor) -> None:
    adjustment = proposed(course("py"))
    opened = at(adjustment, "approve", reason="Worth a try.")
    bo = Visitor(account("Bo", is_staff=True, is_superuser=True))
    decides(bo, adjustment, "reject", reason="The exam is right.")

    text = sends(ada, adjustment, opened)

    assert ada.status == 400
    assert "This adjustment has changed meanwhile: Rejected by Bo on " in text
    assert status_of(adjustment) == Status.REJECTED


def test_a_change_is_kept(ada: Visitor) -> None:
    adjustment = proposed(course("py"))
    decides(ada, adjustment, "approve")

    text = decides(ada, adjustment, "keep", reason="It helps.")

    assert "The change is kept." in text
    assert status_of(adjustment) == Status.KEPT


def test_a_change_is_reverted(ada: Visitor) -> None:
    python = course("py")
    adjustment = proposed(python)
    decides(ada, adjustment, "approve")

    text = decides(ada, adjustment, "revert", reason="It does not help.")

    assert "The change was reverted." in text
    assert parameters.current_value(PASS_MARK, course=python) == Decimal("0.6")


def test_the_alert_shows_its_adjustments(ada: Visitor) -> None:
    python = course("py")
    alert = create_alert(python)
    adjustment = proposed(python, alert=alert)

    text = ada.reads(f"/alerts/{alert.pk}")

    assert "Adjustments Pass mark: 60% → 55% Waiting for a decision" in text
    assert f'href="{PAGE}/{adjustment.pk}"' in ada.html


def test_the_parameter_shows_where_a_change_came_from(ada: Visitor) -> None:
    python = course("py")
    alert = create_alert(python)
    adjustment = proposed(python, alert=alert)

    ada.reads(f"/curriculum-parameters/{PASS_MARK}?course=py")

    assert f'href="{PAGE}/{adjustment.pk}"' in ada.html
    assert f'href="/alerts/{alert.pk}"' in ada.html


def test_a_manager_reads_but_cannot_decide() -> None:
    python = course("py")
    adjustment = proposed(python)
    bo = Visitor(account("Bo", grants=(python,)))

    assert "Waits for a decision." in bo.reads(f"{PAGE}/{adjustment.pk}")
    decides(bo, adjustment, "approve")
    assert bo.status == 403
    assert status_of(adjustment) == Status.PROPOSED


def test_an_adjustment_of_another_course_looks_like_an_unknown_one() -> None:
    adjustment = proposed(course("sql"))
    bo = Visitor(account("Bo", grants=(course("py"),)))

    bo.reads(f"{PAGE}/{adjustment.pk}")

    assert bo.status == 404


def test_a_manager_does_not_read_the_figures_of_the_whole_site() -> None:
    proposed(None, alert=create_alert(), reason="The site completes 43.0%.")
    bo = Visitor(account("Bo", grants=(course("py"),)))

    text = bo.reads(f"/curriculum-parameters/{PASS_MARK}")

    assert "60% → 55% Proposed Proposed after an alert." in text
    assert "43.0%" not in text
