from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.admin_pages import shown_messages
from accounts.tests.people import course
from curriculum.models import Course
from outcomes.models import Survey, Wave
from outcomes.surveys import tasks
from outcomes.tests.asking import wave_of, with_address
from outcomes.tests.school import did, enrolled, school

pytestmark = pytest.mark.django_db

DATA = {"survey": "end", "wave": "w1"}
LISTS = ("survey", "wave", "invitation", "response", "careeroutcome")


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def wave_around_now(made: Course) -> Wave:
    wave = wave_of(made)
    now = timezone.now()
    Wave.objects.update(opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=9))
    wave.refresh_from_db()
    return wave


def send(client: Client, wave: Wave) -> str:
    """Send a wave by the admin action, and return the message."""
    chosen = {"action": "send_selected", "_selected_action": str(wave.pk)}
    chosen |= {"confirmed": "yes"}
    answer: Any = client.post("/admin/outcomes/wave/", chosen)
    return shown_messages(answer)


@pytest.mark.django_db(transaction=True)
def test_staff_can_send_a_wave_immediately(admin_client: Client, python: Course) -> None:
    wave = wave_around_now(python)
    with patch.object(tasks.send_wave, "delay") as delayed:
        message = send(admin_client, wave)
    wave.refresh_from_db()

    assert "is being sent" in message
    assert wave.is_open(timezone.now())
    delayed.assert_called_once_with(wave.pk)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"opens_at": None, "closes_at": None}, "An external system sends this wave"),
        (
            {"opens_at": "2026-01-01T00:00Z", "closes_at": "2026-01-02T00:00Z"},
            "wave is closed",
        ),
        ({"days_after_completion": 30}, "have not happened yet"),
    ],
)
def test_a_wave_that_cannot_be_sent_shows_the_reason(
    admin_client: Client, python: Course, change: dict[str, object], why: str
) -> None:
    wave = wave_around_now(python)
    Wave.objects.update(**change)
    with patch.object(tasks.send_wave, "delay") as delayed:
        assert why in send(admin_client, wave)
    delayed.assert_not_called()


def test_an_inactive_survey_is_not_sent(admin_client: Client, python: Course) -> None:
    wave = wave_around_now(python)
    Survey.objects.update(is_active=False)

    assert "not active" in send(admin_client, wave)


def test_a_wave_shows_its_response_rate(admin_client: Client, python: Course) -> None:
    wave = wave_around_now(python)
    with_address("ada", "bo", "dee")
    enrolled("cleo")
    for who in ("ada", "bo", "dee"):
        did(who, "survey.sent", "2026-03-02", data=DATA)
    did("ada", "survey.answered", "2026-03-03", data={**DATA, "nps": 9})
    did("bo", "survey.dismissed", "2026-03-03", data=DATA)
    page = admin_client.get(f"/admin/outcomes/wave/{wave.pk}/change/").content.decode()
    listed = admin_client.get("/admin/outcomes/wave/").content.decode()

    # 3 invited, 1 answered, 1 would rather not; of 4 learners Cleo has no address
    assert "33.3%" in page
    assert "33.3%" in listed
    assert ">4</div>" in page
    assert ">1</div>" in page


def test_keys_cannot_be_changed(admin_client: Client, python: Course) -> None:
    wave = wave_of(python)
    page = admin_client.get(f"/admin/outcomes/wave/{wave.pk}/change/").content.decode()
    survey = admin_client.get(f"/admin/outcomes/survey/{wave.survey_id}/change/").content.decode()

    assert 'name="key"' not in page
    assert 'name="key"' not in survey


def test_a_survey_that_was_sent_cannot_be_deleted(admin_client: Client, python: Course) -> None:
    wave = wave_of(python)
    with_address("ada")
    unused = admin_client.get(f"/admin/outcomes/survey/{wave.survey_id}/delete/").status_code
    did("ada", "survey.sent", "2026-03-02", data=DATA)
    used = admin_client.get(f"/admin/outcomes/survey/{wave.survey_id}/delete/").status_code

    assert (unused, used) == (200, 403)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"closes_at_0": "2026-01-01", "closes_at_1": "00:00"}, "after the opening time"),
        ({"closes_at_0": "", "closes_at_1": ""}, "after the opening time"),
        ({"run": "other"}, "does not belong to the course"),
    ],
)
def test_an_invalid_wave_is_rejected(
    admin_client: Client, python: Course, fields: dict[str, str], sentence: str
) -> None:
    survey = Survey.objects.create(key="end", title="How was it?")
    other = course("sql").runs.create(key="r1")
    form = {
        "survey": str(survey.pk),
        "key": "w1",
        "course": str(python.pk),
        "run": "",
        "opens_at_0": "2026-02-01",
        "opens_at_1": "00:00",
        "reminder_days": "7",
        "closes_at_0": "2026-03-01",
        "closes_at_1": "00:00",
        **{name: value.replace("other", str(other.pk)) for name, value in fields.items()},
    }
    answer = admin_client.post("/admin/outcomes/wave/add/", form)

    assert sentence in answer.content.decode()
    assert not Wave.objects.exists()


def test_a_wave_and_a_survey_are_made_in_the_admin(admin_client: Client, python: Course) -> None:
    asks = {"key": "end", "title": "How was it?", "asks_nps": "on", "is_active": "on"}
    words = {f"{name}_question": "?" for name in ("nps", "csat", "career", "comment")}
    admin_client.post("/admin/outcomes/survey/add/", {**asks, **words})
    survey = Survey.objects.get(key="end")
    form = {
        "survey": str(survey.pk),
        "key": "w1",
        "course": str(python.pk),
        "run": "",
        "opens_at_0": "2026-02-01",
        "opens_at_1": "00:00",
        "reminder_days": "",
        "closes_at_0": "2026-03-01",
        "closes_at_1": "00:00",
    }
    admin_client.post("/admin/outcomes/wave/add/", form)

    assert (survey.asks_nps, survey.asks_csat) == (True, False)
    assert Wave.objects.get().reminder_days is None


def fill(*names: str) -> None:
    enrolled(*names)
    for name in names:
        did(name, "course.completed", "2026-02-10")
        data = {"survey": f"s-{name}", "wave": "w", "nps": 9, "career": ["project"]}
        did(name, "survey.answered", "2026-03-03", data=data)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_needs_the_same_queries_for_many_rows_as_for_few(
    admin_client: Client, name: str
) -> None:
    fill("ada")
    few = queries_of(admin_client, name)
    fill("bo", "cleo", "dee")

    assert queries_of(admin_client, name) <= few


def queries_of(client: Client, name: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"/admin/outcomes/{name}/").status_code == 200
    return len(asked)


@pytest.mark.parametrize("name", ["invitation", "response", "careeroutcome"])
def test_what_learners_said_is_only_looked_at(admin_client: Client, name: str) -> None:
    fill("ada")
    listed = admin_client.get(f"/admin/outcomes/{name}/")

    assert "/change/" in listed.content.decode()
    assert admin_client.get(f"/admin/outcomes/{name}/add/").status_code == 403
