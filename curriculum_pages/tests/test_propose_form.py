"""Staff propose a change on the page of a parameter, and somebody decides."""

from __future__ import annotations

from html import unescape

import pytest

from accounts.tests.people import account, course
from curriculum.models import Parameter
from improvement.models import Adjustment
from kpis.tests.visitors import TAG, Visitor

pytestmark = pytest.mark.django_db

PAGE = "/curriculum-parameters/module.practice-items?course=py"
GOOD = {
    "value": "15",
    "kpi": "engagement.assessment-performance",
    "watch_days": "30",
    "reason": "A hunch",
}


@pytest.fixture
def boss() -> Visitor:
    course("py")
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


def proposes(who: Visitor, page: str = PAGE, **fields: str) -> str:
    response = who.client.post(page, {"act": "propose", **GOOD, **fields}, follow=True)
    who.status, who.html = response.status_code, response.content.decode()
    return " ".join(unescape(TAG.sub(" ", who.html)).split())


def test_a_proposal_waits_for_a_decision(boss: Visitor) -> None:
    assert "Propose a change for: Course py" in boss.reads(PAGE)
    text = proposes(boss)
    made = Adjustment.objects.get()

    assert "The change was proposed." in text
    assert (made.status, made.kpi, made.watch_days) == ("proposed", GOOD["kpi"], 30)
    assert (str(made.proposed_by), made.reason) == ("Ada", "A hunch")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"value": "100000"}, "must be between"),
        ({"value": "12.5"}, "whole number"),
        ({"kpi": "business.revenue"}, "Choose a KPI of the list."),
        ({"watch_days": "3"}, "greater than or equal to 7"),
        ({"reason": ""}, "Enter a reason for the proposal."),
    ],
)
def test_a_wrong_proposal_changes_nothing(
    boss: Visitor, fields: dict[str, str], sentence: str
) -> None:
    text = proposes(boss, **fields)

    assert boss.status == 400
    assert sentence in text
    assert not Adjustment.objects.exists()
    assert not Parameter.objects.exclude(course=None).exists()


def test_a_second_proposal_has_to_wait(boss: Visitor) -> None:
    proposes(boss)

    assert "already has an open adjustment there" in proposes(boss, value="20")
    assert Adjustment.objects.count() == 1


def test_measurement_settings_cannot_be_proposed(boss: Visitor) -> None:
    page = "/curriculum-parameters/completion.window-factor?course=py"
    assert "Propose a change" not in boss.reads(page)
    proposes(boss, page, value="2")

    assert boss.status == 404
    assert not Adjustment.objects.exists()


def test_only_those_who_may_propose_see_the_form() -> None:
    course("py")
    reader = Visitor(account("Bo", is_staff=True))
    assert "Propose a change" not in reader.reads(PAGE)
    proposes(reader)

    assert reader.status == 403
