from __future__ import annotations

from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.tests.admin_pages import page, staff, told
from accounts.tests.people import course
from curriculum import parameters
from curriculum.models import Course, Parameter, ParameterChange
from curriculum.parameter_definitions import WINDOW_FACTOR

pytestmark = pytest.mark.django_db


def turned(client: Client, dial: Parameter, value: str, reason: str) -> HttpResponse:
    path = f"/admin/curriculum/parameter/{dial.pk}/change/"
    data = {"value": value, "reason": reason}
    no_inlines = {"changes-TOTAL_FORMS": "0", "changes-INITIAL_FORMS": "0"}
    return client.post(path, {**data, **no_inlines})  # type: ignore[return-value]


@pytest.fixture
def dial() -> Parameter:
    return Parameter.objects.get(key=WINDOW_FACTOR, course=None)


def test_a_dial_is_turned_with_a_reason_and_by_a_name(
    client: Client, ada: User, dial: Parameter
) -> None:
    turned(client, dial, "2", "Holidays.")
    change = ParameterChange.objects.get()

    assert Parameter.objects.get(pk=dial.pk).value == 2
    assert (str(change), change.reason) == ("completion.window-factor: 1.5 → 2", "Holidays.")
    assert change.decided_by == ada


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("value", "reason", "sentence"),
    [
        ("2", " ", "Say why the dial is turned."),
        ("9", "Far.", "Completion window goes from 1 to 3; 9 is outside."),
    ],
)
def test_a_turn_is_refused_with_a_sentence(
    client: Client, dial: Parameter, value: str, reason: str, sentence: str
) -> None:
    answer = turned(client, dial, value, reason)

    assert sentence in answer.content.decode()
    assert Parameter.objects.get(pk=dial.pk).value == Decimal("1.5")


@pytest.mark.usefixtures("ada")
def test_saving_a_dial_as_it_stands_needs_no_reason(client: Client, dial: Parameter) -> None:
    assert turned(client, dial, "1.5", "").status_code == 302
    assert not ParameterChange.objects.exists()


@pytest.mark.usefixtures("ada")
def test_the_history_of_a_dial_is_on_its_page(client: Client, dial: Parameter) -> None:
    parameters.set_value(dial, Decimal(2), reason="Holidays are long.")

    assert "Holidays are long." in page(client, f"parameter/{dial.pk}/change/")


def own_dial(client: Client, made: Course, value: str) -> HttpResponse:
    data = {"key": WINDOW_FACTOR, "course": made.pk, "value": value, "reason": "A hard one."}
    return client.post("/admin/curriculum/parameter/add/", data)  # type: ignore[return-value]


@pytest.mark.usefixtures("ada")
def test_a_course_is_given_its_own_dial(client: Client) -> None:
    made = course()
    own_dial(client, made, "2.5")

    assert parameters.value(WINDOW_FACTOR, course=made) == Decimal("2.5")
    assert parameters.value(WINDOW_FACTOR) == Decimal("1.5")
    assert ParameterChange.objects.get().reason == "A hard one."


@pytest.mark.usefixtures("ada")
def test_a_course_is_not_given_a_second_dial(client: Client) -> None:
    made = course()
    own_dial(client, made, "2.5")
    answer = own_dial(client, made, "2")

    assert "has its own dial already" in answer.content.decode()


@pytest.mark.usefixtures("ada")
def test_a_course_s_own_dial_keeps_the_bounds(client: Client) -> None:
    answer = own_dial(client, course(), "99")

    assert "goes from 1 to 3; 99 is outside" in answer.content.decode()
    assert Parameter.objects.filter(key=WINDOW_FACTOR).count() == 1


def decided(client: Client, action: str, change: ParameterChange) -> HttpResponse:
    data = {"action": action, "_selected_action": change.pk}
    return client.post("/admin/curriculum/parameterchange/", data)  # type: ignore[return-value]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("action", "value", "status"), [("approve", 2, "applied"), ("reject", 1.5, "rejected")]
)
def test_a_proposal_is_decided_from_the_list(
    client: Client, dial: Parameter, action: str, value: float, status: str
) -> None:
    change = parameters.propose(dial, Decimal(2), reason="Holidays.")
    answer = decided(client, action, change)

    assert Parameter.objects.get(pk=dial.pk).value == Decimal(str(value))
    assert told(answer) == f"completion.window-factor: 1.5 → 2 is {status}."


def test_a_change_is_reverted_from_the_list(client: Client, ada: User, dial: Parameter) -> None:
    change = parameters.set_value(dial, Decimal(2), reason="Holidays.")
    assert change is not None
    decided(client, "revert", change)

    assert Parameter.objects.get(pk=dial.pk).value == Decimal("1.5")
    assert ParameterChange.objects.get(reverts=change).decided_by == ada


@pytest.mark.usefixtures("ada")
def test_what_was_decided_is_not_decided_again(client: Client, dial: Parameter) -> None:
    change = parameters.propose(dial, Decimal(2), reason="Holidays.")
    parameters.reject(change)

    assert "has been decided already" in told(decided(client, "approve", change))


def test_who_may_only_look_decides_nothing(client: Client, dial: Parameter) -> None:
    change = parameters.propose(dial, Decimal(2), reason="Holidays.")
    staff(client, "view_parameterchange")
    decided(client, "approve", change)
    change.refresh_from_db()

    assert change.status == "proposed"
