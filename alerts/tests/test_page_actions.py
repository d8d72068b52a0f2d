from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from alerts.models import Alert, AlertEvent
from alerts.tests.alerted import OPENED_AT, create_alert
from alerts.tests.visits import PAGE, page_of, submit_form
from curriculum.models import Course
from kpis.tests.measured import NOW, course, manager, stranger
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

TOMORROW = "2026-07-11"


@pytest.fixture
def python() -> Course:
    return course("py", "loops", "tests")


def last_event() -> tuple[str, str, str]:
    event = AlertEvent.objects.latest("pk")
    return event.kind, str(event.by), event.reason


def test_a_manager_acknowledges_an_alert(python: Course) -> None:
    bo = Visitor(manager(python))
    alert = create_alert(python)
    who = str(User.objects.get().pk)

    assert submit_form(bo, alert, "acknowledge", owner=who, note="I ask the trainer.") == 302
    assert last_event() == ("acknowledged", "Bo", "Owner: Bo. I ask the trainer.")
    assert "Alert acknowledged." in bo.reads(page_of(alert))


def test_an_owner_who_may_not_see_the_alert_is_rejected(ada: Visitor, python: Course) -> None:
    alert = create_alert(python)

    assert submit_form(ada, alert, "acknowledge", owner=str(stranger().pk)) == 400
    assert "Choose an owner who may see this alert." in ada.html
    assert not Alert.objects.get().is_acknowledged


def test_a_snooze_lasts_until_the_day_begins(ada: Visitor) -> None:
    alert = create_alert()

    assert submit_form(ada, alert, "snooze", until=TOMORROW, reason="The holidays.") == 302
    assert last_event()[2] == "Until 11 Jul 2026, 00:00: The holidays."
    assert "Snoozed until 11 Jul 2026, 00:00" in ada.reads(PAGE)


def test_a_snooze_is_ended_by_hand(ada: Visitor) -> None:
    alert = create_alert(snoozed_until=NOW + timedelta(days=1))

    assert submit_form(ada, alert, "unsnooze") == 302
    assert Alert.objects.get().snoozed_until is None


@pytest.mark.parametrize(
    ("act", "sent", "said"),
    [
        ("acknowledge", {}, "Choose an owner."),
        ("snooze", {"reason": "x"}, "Enter a date."),
        ("snooze", {"until": "soon", "reason": "x"}, "Enter a date such as 2026-03-31."),
        ("snooze", {"until": "2026-07-10", "reason": "x"}, "The snooze must end in the future."),
        ("snooze", {"until": "9999-12-31", "reason": "x"}, "The snooze must end within a year."),
        ("snooze", {"until": TOMORROW, "reason": " "}, "Enter a reason for snoozing."),
        ("unsnooze", {}, "This alert is not snoozed."),
        ("comment", {}, "Enter a comment."),
        ("close", {}, "Enter a reason for closing the alert."),
    ],
)
def test_missing_input_is_explained_and_changes_nothing(
    ada: Visitor, act: str, sent: dict[str, str], said: str
) -> None:
    alert = create_alert()

    assert submit_form(ada, alert, act, **sent) == 400
    assert said in ada.html
    assert AlertEvent.objects.count() == 1


def test_input_is_kept_next_to_the_error(ada: Visitor) -> None:
    submit_form(ada, create_alert(), "snooze", until="soon", reason="The holidays.")

    assert 'value="The holidays."' in ada.html
    assert 'aria-describedby="snooze-until_error"' in ada.html


def test_a_closed_alert_accepts_only_comments(ada: Visitor) -> None:
    alert = create_alert()

    assert submit_form(ada, alert, "close", reason="The exam was moved.") == 302
    assert "Closed as expected" in ada.reads(page_of(alert))
    assert 'value="snooze"' not in ada.html
    assert submit_form(ada, alert, "close", reason="Again.") == 400
    assert "This alert is already closed." in ada.html
    assert submit_form(ada, alert, "comment", text="As last year.") == 302


def test_an_unknown_action_is_not_found(ada: Visitor) -> None:
    assert submit_form(ada, create_alert(), "delete") == 404


def test_a_forged_form_is_rejected(ada: Visitor) -> None:
    ada.client.handler.enforce_csrf_checks = True

    assert submit_form(ada, create_alert(), "comment", text="Hello.") == 403
    assert AlertEvent.objects.latest("pk").at == OPENED_AT
