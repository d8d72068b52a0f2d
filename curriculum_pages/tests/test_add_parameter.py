"""The page with which staff add a parameter."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.tests.people import account
from curriculum.models import Parameter
from kpis.tests.visitors import TAG, Visitor

pytestmark = pytest.mark.django_db

PAGE = "/curriculum-parameters/add"
CALLS = {
    "name": "Coaching calls",
    "key": "coach.calls",
    "kind": "number",
    "unit": "calls",
    "value": "2",
    "minimum": "0",
    "maximum": "10",
    "step": "1",
    "scopes": ["course", "run"],
    "applies_to": "everyone",
    "reason": "The platform books them.",
}
TONE = CALLS | {"key": "reminder.tone", "kind": "choice", "value": "Strict", "unit": ""}


@pytest.fixture
def boss() -> Visitor:
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


def adds(who: Visitor, fields: object) -> str:
    response = who.client.post(PAGE, fields, follow=True)
    who.status, who.html = response.status_code, response.content.decode()
    return " ".join(unescape(TAG.sub(" ", who.html)).split())


def test_an_added_parameter_has_a_page_with_its_history(boss: Visitor) -> None:
    text = adds(boss, CALLS)

    assert "The parameter was added." in text
    assert "Coaching calls" in text
    assert "The platform books them. By Ada" in text


def test_an_added_parameter_is_listed_with_its_value(boss: Visitor) -> None:
    adds(boss, CALLS)

    assert "Coaching calls 2 calls Whole site" in boss.reads("/curriculum-parameters")


def test_curriculum_editors_may_add_parameters_as_in_the_admin() -> None:
    editor = account("Emma", is_staff=True)
    editor.groups.add(Group.objects.get(name="Curriculum editors"))
    emma = Visitor(editor)

    assert "Add a parameter" in emma.reads("/curriculum-parameters")
    assert "The parameter was added." in adds(emma, CALLS)
    assert emma.client.get("/admin/curriculum/addedparameter/add/").status_code == 200


def test_a_share_is_entered_in_percent(boss: Visitor) -> None:
    share = CALLS | {"kind": "share", "unit": "", "value": "70%", "minimum": "0%"}

    adds(boss, share | {"maximum": "100%", "step": "5%"})

    assert "Coaching calls 70% Whole site" in boss.reads("/curriculum-parameters")


def test_the_unit_of_a_duration_is_entered_in_the_readers_language(boss: Visitor) -> None:
    User.objects.update(language="de")
    adds(boss, CALLS | {"kind": "duration", "unit": "Tage", "value": "2 Tage"})

    row = Parameter.objects.get(key="coach.calls")
    assert (row.unit, row.written(row.value)) == ("days", "2 days")


def test_a_choice_has_labels_instead_of_bounds(boss: Visitor) -> None:
    text = adds(boss, TONE | {"choices": "Friendly\nStrict\n", "minimum": "", "maximum": ""})

    assert "Strict" in text
    assert Parameter.objects.get(key="reminder.tone").value == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"key": "Coach"}, "Enter a key of lower-case words with a full stop"),
        ({"key": "module.pass-mark"}, "There is already a parameter module.pass-mark."),
        ({"value": "11"}, "Coaching calls must be between 0 and 10, not 11."),
        ({"value": "many"}, "as a number, such as"),
        ({"minimum": ""}, "Enter a number."),
        ({"step": "0"}, "The step must be positive."),
        ({"minimum": "20"}, "The maximum must not be below the minimum."),
        ({"kind": "duration", "unit": "moons"}, "Choose minutes, hours, days or weeks"),
        ({"reason": ""}, "Enter a reason for adding it."),
    ],
)
def test_a_mistake_is_named_and_nothing_is_added(
    boss: Visitor, wrong: dict[str, str], sentence: str
) -> None:
    text = adds(boss, CALLS | wrong)

    assert boss.status == 400
    assert sentence in text
    assert not Parameter.objects.filter(key="coach.calls").exists()


def test_whoever_may_not_add_parameters_gets_no_form() -> None:
    bo = Visitor(account("Bo", is_staff=True))
    bo.reads(PAGE)

    assert bo.status == 403
