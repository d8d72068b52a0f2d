from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.admin_pages import page, shown_messages, staff
from accounts.tests.people import course, moment, run_of
from curriculum import parameters
from curriculum.models import Course, Parameter, ParameterChange
from curriculum.parameter_definitions import WINDOW_FACTOR
from curriculum.tests.enrolled import enrolled
from curriculum.tests.patience import KEY, PATIENCE

pytestmark = pytest.mark.django_db


def change_value(
    client: Client, parameter: Parameter, value: str, reason: str, **more: str
) -> HttpResponse:
    path = f"/admin/curriculum/parameter/{parameter.pk}/change/"
    data = {"value": value, "reason": reason, **more}
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
    assert str(change) == "completion.window-factor: 1.5 → 2 × nominal length"
    assert change.reason == "Holidays."
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
    data = {"action": action, "_selected_action": change.pk, "confirmed": "yes"}
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


@pytest.mark.usefixtures("ada")
def test_a_measurement_setting_says_what_a_change_redefines(
    client: Client, parameter: Parameter
) -> None:
    text = page(client, f"curriculum/parameter/{parameter.pk}/change/")

    assert "Measurement setting" in text
    assert "Redefines figures from the moment from which the new value applies." in text
    assert "Completion rate and every other figure that depends on a due date" in text


@pytest.mark.usefixtures("ada")
def test_a_curriculum_parameter_redefines_no_figure(client: Client, patience: Parameter) -> None:
    text = page(client, f"curriculum/parameter/{patience.pk}/change/")

    assert "Changes what learners get from then on." in text
    assert "Redefines" not in text


@pytest.mark.usefixtures("ada", "patience")
def test_the_list_groups_parameters_by_role(client: Client) -> None:
    text = page(client, "curriculum/parameter/")

    assert text.index("test.patience") < text.index("completion.window-factor")
    only = page(client, "curriculum/parameter/?role__exact=curriculum")
    assert "field-key" in only
    assert '<td class="field-key">completion.window-factor' not in only


@pytest.mark.usefixtures("ada")
def test_a_run_is_given_a_value_of_its_own(client: Client) -> None:
    run = run_of(course())
    data = {"key": WINDOW_FACTOR, "run": run.pk, "value": "2.5", "reason": "A hard one."}
    client.post("/admin/curriculum/parameter/add/", data)

    assert parameters.effective([WINDOW_FACTOR], at=timezone.now(), run=run) == {
        WINDOW_FACTOR: Decimal("2.5")
    }


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("scopes", "sentence"),
    [
        ((), "Choose one course, one run or one module."),
        (("course", "run"), "Choose one course, one run or one module."),
        (("module",), "This parameter cannot have a value of its own here."),
    ],
)
def test_an_own_value_needs_one_scope_in_which_it_is_read(
    client: Client, scopes: tuple[str, ...], sentence: str
) -> None:
    made = course(modules=1)
    ids = {"course": made.pk, "run": run_of(made).pk, "module": made.modules.get().pk}
    chosen = {name: ids[name] for name in scopes}
    data = {"key": WINDOW_FACTOR, "value": "2", "reason": "A hard one.", **chosen}
    answer = client.post("/admin/curriculum/parameter/add/", data)

    assert sentence in answer.content.decode()
    assert Parameter.objects.filter(key=WINDOW_FACTOR).count() == 1


def change_from(client: Client, parameter: Parameter, day: str) -> HttpResponse:
    moment_of = {"effective_from_0": day, "effective_from_1": "00:00:00"}
    return change_value(client, parameter, "2", "Holidays.", **moment_of)


@pytest.mark.usefixtures("ada")
def test_a_change_can_apply_from_another_moment(client: Client, parameter: Parameter) -> None:
    change_from(client, parameter, "2024-01-01")
    values = [
        parameters.effective([WINDOW_FACTOR], at=moment(day))[WINDOW_FACTOR]
        for day in ("2023-12-31", "2024-01-01")
    ]

    assert values == [Decimal("1.5"), 2]


@pytest.mark.usefixtures("ada")
def test_a_change_from_the_past_is_rejected_once_learners_are_enrolled(
    client: Client, parameter: Parameter
) -> None:
    enrolled()
    answer = change_from(client, parameter, "2024-01-01")

    assert "cannot apply from a moment in the past" in answer.content.decode()
    assert not ParameterChange.objects.exists()


@pytest.mark.usefixtures("ada")
def test_a_value_out_of_a_new_range_is_pointed_out(
    client: Client, patience: Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters.set_value(patience, Decimal(9), reason="Longer.")
    monkeypatch.setitem(parameters.DECLARED, KEY, replace(PATIENCE, maximum=Decimal(5)))

    text = page(client, f"curriculum/parameter/{patience.pk}/change/")
    assert "1 to 5, in steps of 1. The present value was set before this range." in text


@pytest.mark.usefixtures("ada")
def test_a_parameter_that_is_no_longer_declared_stays_readable(
    client: Client, patience: Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters.set_value(patience, Decimal(5), reason="Holidays are long.")
    monkeypatch.delitem(parameters.DECLARED, KEY)

    text = page(client, f"curriculum/parameter/{patience.pk}/change/")
    assert "No longer used. Its history is kept." in text
    assert "Holidays are long." in text
