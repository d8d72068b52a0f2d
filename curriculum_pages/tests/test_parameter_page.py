"""The page of one parameter: where its value comes from, the form that sets it, its history."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.people import account, course
from curriculum import parameters
from curriculum.models import Parameter
from curriculum.parameter_definitions import REFUND_CUTOFF
from kpis.tests.visitors import TAG, Visitor

pytestmark = pytest.mark.django_db

PAGE = f"/curriculum-parameters/{REFUND_CUTOFF}"
OPENED_WITH = re.compile('name="opened_with" value="([^"]*)"')


@pytest.fixture
def boss() -> Visitor:
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


def bo() -> User:
    return account("Bo", is_staff=True, is_superuser=True)


def sends(who: Visitor, where: str = "", **fields: str) -> str:
    """Open the page, submit its form, and return the text of the response."""
    who.reads(PAGE + where)
    opened = OPENED_WITH.findall(who.html)
    return submits(who, where, opened_with=opened[0] if opened else "", **fields)


def submits(who: Visitor, where: str = "", **fields: str) -> str:
    response = who.client.post(PAGE + where, {"act": "set", **fields}, follow=True)
    who.status, who.html = response.status_code, response.content.decode()
    return " ".join(unescape(TAG.sub(" ", who.html)).split())


def tried(by: User | None = None) -> str:
    """Set the whole site to nine days; return the id of the change."""
    row = parameters.parameter_for(REFUND_CUTOFF)
    change = parameters.set_value(row, to=Decimal(9), reason="Try.", by=by)
    return str(change.pk if change else "")


def values() -> dict[str, str]:
    rows = Parameter.objects.filter(key=REFUND_CUTOFF)
    return {row.scope: f"{row.value.normalize():f}" for row in rows}


def test_the_page_says_from_where_the_value_is_inherited(boss: Visitor) -> None:
    course("py")
    tried()

    text = boss.reads(f"{PAGE}?course=py")

    assert "Course py 9 days Inherited from: Whole site" in text
    assert "Whole site applies here 9 days" in text


def test_staff_set_a_value_for_a_course(boss: Visitor) -> None:
    course("py")

    text = sends(boss, "?course=py", value="10", reason="A trial of ten days.")

    assert "The value was changed." in text
    assert values() == {"whole site": "7", "Course py": "10"}
    assert "7 days → 10 days Applied A trial of ten days. By Ada" in text


def test_a_value_out_of_range_is_refused_and_the_input_stays(boss: Visitor) -> None:
    course("py")

    text = sends(boss, "?course=py", value="90", reason="Half a year.")

    assert boss.status == 400
    assert "Refund cut-off must be between 0 and 60, not 90." in text
    assert 'value="90"' in boss.html
    assert 'value="Half a year."' in boss.html
    assert values() == {"whole site": "7"}


def test_a_change_needs_a_reason(boss: Visitor) -> None:
    assert "Enter a reason for the change." in sends(boss, value="9")


def test_the_value_that_applies_already_is_no_change(boss: Visitor) -> None:
    text = sends(boss, value="7", reason="As before.")

    assert "This is the value that applies already." in text


def test_a_form_that_was_open_while_somebody_changed_the_value_changes_nothing(
    boss: Visitor,
) -> None:
    boss.reads(PAGE)
    opened = OPENED_WITH.findall(boss.html)[0]
    row = parameters.parameter_for(REFUND_CUTOFF)
    parameters.set_value(row, to=Decimal(14), reason="The law.", by=bo())

    text = submits(boss, value="9", reason="Shorter.", opened_with=opened)

    assert boss.status == 400
    assert "Bo changed Refund cut-off (Whole site) to 14 days on " in text
    assert "The reason: “The law.”." in text
    assert 'value="9"' in boss.html
    assert values() == {"whole site": "14"}


def test_after_reading_what_changed_the_form_can_be_sent_again(boss: Visitor) -> None:
    submits(boss, value="9", reason="Shorter.", opened_with="an old version")

    submits(boss, value="9", reason="Shorter.", opened_with=OPENED_WITH.findall(boss.html)[0])

    assert values() == {"whole site": "9"}


def test_a_change_can_be_reverted(boss: Visitor) -> None:
    pk = tried()

    text = submits(boss, act="revert", change=pk, reason="It failed.")

    assert "The change was reverted." in text
    assert values() == {"whole site": "7"}


def test_reverting_twice_is_refused_with_a_sentence(boss: Visitor) -> None:
    pk = tried()
    submits(boss, act="revert", change=pk, reason="It failed.")

    text = submits(boss, act="revert", change=pk, reason="It failed.")

    assert boss.status == 400
    assert "Nothing was changed. Only an applied change can be reverted." in text


def test_a_manager_reads_the_history_but_cannot_change_the_value() -> None:
    cleo = Visitor(account("Cleo", grants=(course("py"),)))
    tried(by=bo())

    text = cleo.reads(PAGE)

    assert "7 days → 9 days Applied Try. By Bo" in text
    assert "Set a value for" not in text
    submits(cleo, value="8", reason="Mine.")
    assert cleo.status == 403


def test_a_manager_does_not_see_values_of_other_courses() -> None:
    cleo = Visitor(account("Cleo", grants=(course("py"),)))
    other = parameters.parameter_for(REFUND_CUTOFF, course=course("sql"))
    parameters.set_value(other, to=Decimal(21), reason="Only here.")

    assert "21" not in cleo.reads(PAGE)


def test_a_module_has_no_value_of_its_own_where_the_parameter_has_none(boss: Visitor) -> None:
    course("py", modules=1)

    text = sends(boss, "?course=py&module=m1", value="8", reason="Why not.")

    assert boss.status == 400
    assert "Nothing was changed. Refund cut-off cannot have a value of its own there." in text
    assert values() == {"whole site": "7"}


def test_a_form_with_an_invalid_place_changes_nothing(boss: Visitor) -> None:
    assert "Page not found" in submits(boss, "?course=none", value="9", reason="Try.")
    assert values() == {"whole site": "7"}


def test_more_values_and_changes_need_no_more_queries(boss: Visitor) -> None:
    tried()
    with CaptureQueriesContext(connection) as few:
        boss.reads(PAGE)
    for key in "abcd":
        row = parameters.parameter_for(REFUND_CUTOFF, course=course(key))
        parameters.set_value(row, to=Decimal(12), reason="Try.")
    with CaptureQueriesContext(connection) as many:
        boss.reads(PAGE)

    assert len(many) <= len(few)
