"""The timeline of adjustments: what each course's alerts led to."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.people import account, course
from alerts.models import Alert
from alerts.tests.alerted import create_alert
from curriculum_pages.tests.adjusted import PAGE, decides, proposed
from kpis.tests.measured import COMPLETION, fed, measured
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db


def test_a_proposal_is_shown_with_its_alert_and_waits_for_a_decision(ada: Visitor) -> None:
    python = course("py")
    proposed(python, alert=create_alert(python))

    text = ada.reads(PAGE)

    assert "1 waits for a decision" in text
    assert (
        "Course py Pass mark: 60% → 55% Waiting for a decision Course py · Completion rate" in text
    )
    assert "June 2026: 60.0%, 25.0 pts below the target of 85%." in text
    assert "Decision Waits for a decision." in text


def test_the_alert_is_shown_as_it_was_when_the_change_was_proposed(ada: Visitor) -> None:
    python = course("py")
    proposed(python, alert=create_alert(python))
    Alert.objects.update(value=90.0, last_period_start="2026-09-01", closed_at=timezone.now())

    assert "June 2026: 60.0%, 25.0 pts below the target of 85%." in ada.reads(PAGE)


def test_figures_that_were_of_a_small_group_stay_hidden_when_it_has_grown() -> None:
    python = course("py")
    fed(python)
    measured(COMPLETION, "2026-05", total=2, n=4, of=python)
    measured(COMPLETION, "2026-06", total=20, n=40, of=python)
    alert = create_alert(python, value=50.0, last_period_start=date(2026, 5, 1))
    proposed(python, alert=alert, reason="It was 50.0%.")
    Alert.objects.update(last_period_start="2026-06-01", value=51.0, n=40)
    bo = Visitor(account("Bo", grants=(python,)))

    assert "50.0%" not in bo.reads(PAGE)


def test_a_rejected_proposal_says_who_rejected_it_and_why(ada: Visitor) -> None:
    decides(ada, proposed(course("py")), "reject", reason="The exam is right.")

    text = ada.reads(PAGE)

    assert "Rejected by Ada. The exam is right." in text
    assert "Nothing was changed." in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"py", "sql"}),
        ("?course=py", {"py"}),
        ("?status=waiting", {"sql"}),
        ("?status=rejected", {"py"}),
        ("?parameter=module.pass-mark", {"py", "sql"}),
        ("?status=kept", set()),
    ],
)
def test_the_filters_select_adjustments(ada: Visitor, query: str, shown: set[str]) -> None:
    decides(ada, proposed(course("py")), "reject", reason="No.")
    proposed(course("sql"))

    ada.reads(PAGE + query)

    assert {key for key in ("py", "sql") if f">Course {key}</h2>" in ada.html} == shown


def test_an_invalid_filter_is_named_and_ignored(ada: Visitor) -> None:
    proposed(course("py"))

    text = ada.reads(f"{PAGE}?status=done&parameter=none")

    assert ada.status == 400
    assert "Unknown value “done”. Allowed: waiting, proposed" in text
    assert "Pass mark: 60% → 55%" in text


def test_a_manager_sees_the_adjustments_of_granted_courses_and_no_forms() -> None:
    python = course("py")
    for place in (python, course("sql"), None):
        proposed(place)
    bo = Visitor(account("Bo", grants=(python,)))

    text = bo.reads(PAGE)

    assert text.count("Pass mark: 60% → 55%") == 1
    assert "Reason" not in text


def test_figures_of_small_groups_stay_hidden() -> None:
    python = course("py")
    fed(python)
    measured(COMPLETION, "2026-06", total=2, n=4, of=python)
    proposed(python, alert=create_alert(python, value=50.0, n=4), reason="It was 50.0%.")
    bo = Visitor(account("Bo", grants=(python,)))

    text = bo.reads(PAGE)

    assert "Hidden to protect groups of fewer than 10 people." in text
    assert "50.0%" not in text


def test_more_adjustments_need_no_more_queries(ada: Visitor) -> None:
    proposed(course("py", modules=1), alert=create_alert(course("a")))
    with CaptureQueriesContext(
        connection,
    ) as few:
        ada.reads(PAGE)
    for key in "bcdef":
        proposed(course(key), alert=create_alert(course(f"other-{key}")))
    with CaptureQueriesContext(connection) as many:
        ada.reads(PAGE)

    assert len(many) <= len(few)
