from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.tests.admin_pages import page, staff
from accounts.tests.people import course
from curriculum import parameters
from curriculum.models import Parameter
from curriculum.parameters import CHANGE_SOURCES, ChangeSource
from curriculum.tests.test_added_parameters import CALLS
from curriculum.tests.test_admin_parameters import change_value

pytestmark = pytest.mark.django_db

DATA = {
    "key": "coach.calls", "name": "Coaching calls", "help": "", "kind": "number",
    "unit": "per month", "choices": "", "minimum": "0", "maximum": "8", "step": "1", "value": "2",
    "scopes": ["course"], "applies_to": "everyone", "reason": "Coaches are new.",
}  # fmt: skip


def add(client: Client, **more: Any) -> HttpResponse:
    path = "/admin/curriculum/addedparameter/add/"
    return client.post(path, {**DATA, **more})  # type: ignore[return-value]


def test_a_parameter_is_added_with_its_reason(client: Client, ada: User) -> None:
    assert add(client).status_code == 302
    row = Parameter.objects.get(key="coach.calls")
    change = row.changes.get()

    assert parameters.current_value("coach.calls") == 2
    assert (row.is_added, row.is_whole, row.scopes) == (True, True, ["course"])
    assert (change.reason, change.decided_by) == ("Coaches are new.", ada)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("more", "value", "label"),
    [
        ({"kind": "switch", "value": "on", "minimum": "", "maximum": "", "step": ""}, 1, "On"),
        ({"kind": "choice", "choices": "Friendly\nStrict", "value": "strict"}, 1, "Strict"),
        ({"kind": "share", "maximum": "1", "step": "0.1", "value": "40%"}, 0.4, "40%"),
        ({"kind": "duration", "unit": "hours", "value": "3 hours"}, 3, "3 hours"),
    ],
)
def test_each_kind_can_be_added(
    client: Client, more: dict[str, str], value: float, label: str
) -> None:
    unit = more.get("unit", "")
    assert add(client, **{**more, "unit": unit}).status_code == 302
    row = Parameter.objects.get(key="coach.calls")

    assert float(row.value) == value
    assert row.written(row.value) == label


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"value": "9"}, "Coaching calls must be between 0 and 8, not 9."),
        ({"value": "lots"}, "Enter Coaching calls as a number, such as 0."),
        ({"step": "0"}, "The step must be positive."),
        ({"step": ""}, "Enter the minimum, the maximum and the step."),
        ({"maximum": "-1"}, "The maximum must not be below the minimum."),
        ({"kind": "choice", "choices": "One"}, "Enter at least two choices."),
        ({"key": "calls"}, "such as coach.calls"),
        ({"key": "module.pass-mark"}, "There is already a parameter module.pass-mark."),
        ({"key": "module.planned-days"}, "There is already a parameter module.planned-days."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_what_does_not_fit_is_rejected_with_a_sentence(
    client: Client, more: dict[str, str], sentence: str
) -> None:
    assert sentence in add(client, **more).content.decode()
    assert not Parameter.objects.filter(key="coach.calls").exists()


@pytest.mark.usefixtures("ada")
def test_an_added_parameter_is_described_anew_in_all_its_rows(client: Client) -> None:
    row = parameters.add(CALLS, reason="New.")
    own = parameters.parameter_for(CALLS.key, course=course())
    path = f"/admin/curriculum/addedparameter/{row.pk}/change/"
    client.post(path, {"name": "Calls", "help": "By video."})
    own.refresh_from_db()

    assert (own.name, own.help) == ("Calls", "By video.")


@pytest.mark.usefixtures("ada")
def test_an_added_parameter_is_retired_and_used_again(client: Client) -> None:
    row = parameters.add(CALLS, reason="New.")
    for action, is_retired in (("retire", True), ("restore", False)):
        data = {"action": action, "_selected_action": row.pk, "confirmed": "yes"}
        client.post("/admin/curriculum/addedparameter/", data)
        row.refresh_from_db()
        assert row.is_retired is is_retired


@pytest.mark.usefixtures("ada")
def test_an_added_parameter_gets_a_value_for_a_course(client: Client) -> None:
    parameters.add(CALLS, reason="New.")
    made = course()
    data = {"key": CALLS.key, "course": made.pk, "value": "4", "reason": "A hard one."}
    client.post("/admin/curriculum/parameter/add/", data)

    assert parameters.current_value(CALLS.key, course=made) == 4


def test_only_staff_with_permission_add_parameters(client: Client) -> None:
    staff(client, "view_addedparameter")

    assert add(client).status_code == 403


@pytest.mark.usefixtures("ada")
def test_a_share_is_changed_as_people_write_it(client: Client) -> None:
    row = Parameter.objects.get(key="module.pass-mark")
    assert 'value="60%"' in page(client, f"curriculum/parameter/{row.pk}/change/")
    change_value(client, row, "70%", "Too easy.")

    assert parameters.current_value("module.pass-mark") == Decimal("0.7")


@pytest.mark.usefixtures("ada")
def test_the_history_links_to_what_made_a_change(client: Client) -> None:
    row = parameters.add(CALLS, reason="New.")
    change = parameters.set_value(row, Decimal(3), reason="A rule.")
    assert change is not None

    def answer(ids: Collection[int]) -> dict[int, ChangeSource]:
        return {change.pk: ChangeSource("Alert 5", "/alerts/5")} if change.pk in ids else {}

    CHANGE_SOURCES.register("test", answer)
    try:
        texts = [
            page(client, f"curriculum/parameter/{row.pk}/change/"),
            page(client, f"curriculum/parameterchange/{change.pk}/change/"),
        ]
    finally:
        del CHANGE_SOURCES["test"]

    assert all('<a href="/alerts/5">Alert 5</a>' in text for text in texts)


@pytest.mark.usefixtures("ada")
def test_a_parameter_for_sign_ups_says_so(client: Client) -> None:
    row = Parameter.objects.get(key="deadline.extension")

    text = page(client, f"curriculum/parameter/{row.pk}/change/")
    assert "Changes what learners get who enroll from then on." in text
