from __future__ import annotations

from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.tests.admin_pages import page, shown_messages, staff
from accounts.tests.people import course
from curriculum import parameters
from curriculum.models import Course, Parameter, ParameterChange
from curriculum.parameter_definitions import WINDOW_FACTOR
from curriculum.tests.patience import KEY, PATIENCE

pytestmark = pytest.mark.django_db


def change_value(client: Client, parameter: Parameter, value: str, reason: str) -> HttpResponse:
    path = f"/admin/curriculum/parameter/{parameter.pk}/change/"
    data = {"value": value, "reason": reason}
    no_inlines = {"changes-TOTAL_FORMS": "0", "changes-INITIAL_FORMS": "0"}
    return client.post(path, {**data, **no_inlines})  # type: ignore[return-value]


@pytest.fixture
def parameter() -> Parameter:
    return Parameter.objects.get(key=WINDOW_FACTOR, course=None)


def test_a_change_has_a_reason_and_a_person(
    client: Client, ada: User, parameter: Parameter
) -> None:
    change_value(client, parameter, "2", "Holidays.")
    change = ParameterChange.objects.get()

    assert Parameter.objects.get(pk=parameter.pk).value == 2
    assert (str(change), change.reason) == ("completion.window-factor: 1.5 → 2", "Holidays.")
    assert change.decided_by == ada


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("value", "reason", "sentence"),
    [
        ("2", " ", "Enter a reason for the change."),
        ("9", "Far.", "Completion window must be between 1 and 3, not 9."),
    ],
)
def test_a_change_is_rejected_with_an_explanation(
    client: Client, parameter: Parameter, value: str, reason: str, sentence: str
) -> None:
    answer = change_value(client, parameter, value, reason)

    assert sentence in answer.content.decode()
    assert Parameter.objects.get(pk=parameter.pk).value == Decimal("1.5")


@pytest.mark.usefixtures("ada")
def test_saving_an_unchanged_value_needs_no_reason(client: Client, parameter: Parameter) -> None:
    assert change_value(client, parameter, "1.5", "").status_code == 302
    assert not ParameterChange.objects.exists()


@pytest.mark.usefixtures("ada")
def test_the_history_of_a_parameter_is_on_its_page(client: Client, parameter: Parameter) -> None:
    parameters.set_value(parameter, Decimal(2), reason="Holidays are long.")

    assert "Holidays are long." in page(client, f"curriculum/parameter/{parameter.pk}/change/")


def add_for_course(client: Client, made: Course, value: str) -> HttpResponse:
    data = {"key": WINDOW_FACTOR, "course": made.pk, "value": value, "reason": "A hard one."}
    return client.post("/admin/curriculum/parameter/add/", data)  # type: ignore[return-value]


@pytest.mark.usefixtures("ada")
def test_a_course_is_given_a_value_of_its_own(client: Client) -> None:
    made = course()
    add_for_course(client, made, "2.5")

    assert parameters.current_value(WINDOW_FACTOR, course=made) == Decimal("2.5")
    assert parameters.current_value(WINDOW_FACTOR) == Decimal("1.5")
    assert ParameterChange.objects.get().reason == "A hard one."


@pytest.mark.usefixtures("ada")
def test_a_course_is_not_given_a_second_value(client: Client) -> None:
    made = course()
    add_for_course(client, made, "2.5")
    answer = add_for_course(client, made, "2")

    assert "already has a value of its own" in answer.content.decode()


@pytest.mark.usefixtures("ada")
def test_a_course_s_own_value_stays_within_the_bounds(client: Client) -> None:
    answer = add_for_course(client, course(), "99")

    assert "must be between 1 and 3, not 99" in answer.content.decode()
    assert Parameter.objects.filter(key=WINDOW_FACTOR).count() == 1


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Parameter:
    monkeypatch.setitem(parameters.DECLARED, KEY, PATIENCE)
    parameters.create_missing()
    return Parameter.objects.get(key=KEY)


def decide(client: Client, action: str, change: ParameterChange) -> HttpResponse:
    data = {"action": action, "_selected_action": change.pk}
    return client.post("/admin/curriculum/parameterchange/", data)  # type: ignore[return-value]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("action", "value", "status"), [("approve", 2, "Applied"), ("reject", 3, "Rejected")]
)
def test_a_proposal_is_decided_from_the_list(
    client: Client, patience: Parameter, action: str, value: int, status: str
) -> None:
    change = parameters.propose(patience, Decimal(2), reason="Holidays.")
    answer = decide(client, action, change)

    assert Parameter.objects.get(pk=patience.pk).value == value
    assert shown_messages(answer) == f"test.patience: 3 → 2: {status}"


def test_a_change_is_reverted_from_the_list(
    client: Client, ada: User, parameter: Parameter
) -> None:
    change = parameters.set_value(parameter, Decimal(2), reason="Holidays.")
    assert change is not None
    decide(client, "revert", change)

    assert Parameter.objects.get(pk=parameter.pk).value == Decimal("1.5")
    assert ParameterChange.objects.get(reverts=change).decided_by == ada


@pytest.mark.usefixtures("ada")
def test_a_decided_proposal_is_not_decided_again(client: Client, patience: Parameter) -> None:
    change = parameters.propose(patience, Decimal(2), reason="Holidays.")
    parameters.reject(change)

    assert "was already approved or rejected" in shown_messages(decide(client, "approve", change))


def test_staff_with_view_permission_only_cannot_decide(client: Client, patience: Parameter) -> None:
    change = parameters.propose(patience, Decimal(2), reason="Holidays.")
    staff(client, "view_parameterchange")
    decide(client, "approve", change)
    change.refresh_from_db()

    assert change.status == "proposed"
