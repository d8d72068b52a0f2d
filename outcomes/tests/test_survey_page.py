"""The survey page, for browsers that have only the link."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core import signing
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from intake.models import Event, RejectedEvent
from outcomes.models import Invitation, Response, Survey, Wave
from outcomes.surveys import events, links
from outcomes.tests.asking import invited, wave_of
from outcomes.tests.school import did, school

pytestmark = pytest.mark.django_db

ALL = {"asks_career": True}


@pytest.fixture(autouse=True)
def ada() -> Invitation:
    """Ada was invited to a wave that is open now."""
    now = timezone.now()
    wave = wave_of(school(), **ALL)
    Wave.objects.update(opens_at=now - timedelta(days=9), closes_at=now + timedelta(days=9))
    return invited("ada", wave)


@pytest.fixture
def link(ada: Invitation) -> str:
    return f"/surveys/{links.token_of(ada.pk)}"


@pytest.fixture
def visitor() -> Client:
    """A browser whose requests must pass the CSRF check."""
    return Client(enforce_csrf_checks=True)


def html(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_page_opens_without_an_account(visitor: Client, link: str) -> None:
    answer = visitor.get(link)

    assert answer.status_code == 200
    assert "How likely are you to recommend" in html(answer)
    assert "What has happened since" in html(answer)


def test_only_the_questions_of_the_survey_are_shown(visitor: Client, link: str) -> None:
    Survey.objects.update(asks_nps=False, asks_career=False, asks_comment=False)
    text = html(visitor.get(link))

    assert "How satisfied" in text
    assert [name for name in ("nps", "career", "career_on", "may_quote") if name in text] == []


def test_questions_are_worded_as_the_provider_wrote_them(visitor: Client, link: str) -> None:
    Survey.objects.update(csat_question="Happy & well?")

    assert "Happy &amp; well?" in html(visitor.get(link))


def test_the_page_is_in_the_language_of_the_browser(visitor: Client, link: str) -> None:
    Survey.objects.update(csat_question="Happy with it?")
    text = html(visitor.get(link, headers={"accept-language": "de"}))

    assert "Antwort senden" in text
    assert "Wie wahrscheinlich ist es, dass Sie diesen Kurs" in text
    assert "Happy with it?" in text


def test_the_page_has_no_script_but_the_theme_s_and_leaks_nothing(
    visitor: Client, link: str
) -> None:
    answer = visitor.get(link)

    assert re.findall("<script.*", html(answer)) == ['<script src="/static/js/theme.js"></script>']
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert "no-store" in answer["Cache-Control"]
    assert "ada" not in html(answer).lower()


def test_each_group_of_choices_has_its_legend(visitor: Client, link: str) -> None:
    text = html(visitor.get(link))

    assert text.count("<fieldset") == text.count("<legend>") == 3
    assert text.count('type="radio"') == 11 + 5


def test_the_first_opening_is_recorded(visitor: Client, link: str, ada: Invitation) -> None:
    visitor.get(link)
    first = Invitation.objects.get().opened_at
    visitor.get(link)

    assert first is not None
    assert Invitation.objects.get().opened_at == first


def test_an_answer_is_recorded_as_an_event(visitor: Client, link: str) -> None:
    answers = {"nps": "0", "csat": "4", "comment": " Good. ", "may_quote": "on"}
    answer = visitor.post(link, answers)
    event = Event.objects.get(kind="survey.answered")

    assert (answer.status_code, answer["Location"]) == (303, link)
    assert event.sender == "survey page"
    assert event.data == {
        "survey": "end",
        "wave": "w1",
        "nps": 0,
        "csat": 4,
        "comment": "Good.",
        "may_quote": True,
        "quote_terms": "You may quote my comment without my name.",
    }
    assert Response.objects.get().nps == 0


def test_the_link_shows_thanks_after_answering(visitor: Client, link: str) -> None:
    visitor.post(link, {"nps": "9"})

    assert "Thank you for your answer" in html(visitor.get(link))


def test_an_answer_can_be_changed(visitor: Client, link: str) -> None:
    impact = {"career": ["project"], "career_on": "2026-01-20"}
    visitor.post(link, {"nps": "9", "comment": "Good.", **impact})
    form = html(visitor.get(f"{link}?change"))
    visitor.post(link, {"nps": "3"})
    response = Response.objects.get()

    assert 'value="9" id="id_nps_9" checked' in form
    assert ">\nGood.</textarea>" in form
    assert 'value="2026-01-20"' in form
    assert (response.nps, response.comment, response.career_outcomes.count()) == (3, "", 0)


def test_a_dismissal_is_recorded_and_confirmed(visitor: Client, link: str) -> None:
    visitor.post(link, {"dismiss": "yes", "nps": "9"})

    assert Invitation.objects.get().dismissed_at is not None
    assert not Response.objects.exists()
    assert "We will not remind you" in html(visitor.get(link))


def test_a_learner_can_answer_after_a_dismissal(visitor: Client, link: str) -> None:
    visitor.post(link, {"dismiss": "yes"})
    visitor.post(link, {"nps": "9"})

    assert "Thank you for your answer" in html(visitor.get(link))
    assert "dismiss" not in html(visitor.get(f"{link}?change"))


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({}, "Please answer at least one question"),
        ({"nps": "11"}, "not one of the available choices"),
        ({"career": ["project"]}, "Enter an approximate date"),
        ({"career": ["project"], "career_on": "2999-01-01"}, "in the future"),
        (
            {"career": ["project", "none"], "career_on": "2026-01-20"},
            "Choose either “None",
        ),
        ({"comment": "a" * 5_001}, "at most 5000 characters"),
        ({"comment": "a\x00b"}, "Null characters"),
        ({"may_quote": "on"}, "Please answer at least one question"),
    ],
)
def test_an_invalid_answer_shows_an_error(
    visitor: Client, link: str, answers: dict[str, Any], sentence: str
) -> None:
    answer = visitor.post(link, answers)

    assert answer.status_code == 422
    assert sentence in html(answer)
    assert not Event.objects.filter(kind="survey.answered").exists()


def test_none_of_these_is_an_answer(visitor: Client, link: str) -> None:
    visitor.post(link, {"career": ["none"]})

    assert Event.objects.get(kind="survey.answered").data["career"] == []


def test_a_long_comment_in_any_script_is_saved(visitor: Client, link: str) -> None:
    visitor.post(link, {"comment": "𝄞" * 5_000})

    assert len(Response.objects.get().comment) == 5_000


def test_a_forged_link_is_unknown(visitor: Client, link: str) -> None:
    forged = [visitor.get(f"/surveys/{token}") for token in ("nonsense", link[9:-1], "1")]
    other = visitor.get(f"/surveys/{signing.dumps(1, salt='something.else')}")

    assert {one.status_code for one in (*forged, other)} == {404}
    assert "Survey not found" in html(other)


def test_the_link_of_a_deleted_learner_is_unknown(visitor: Client, link: str) -> None:
    Invitation.objects.all().delete()

    assert visitor.get(link).status_code == 404


def test_a_link_expires(visitor: Client, link: str) -> None:
    with patch("django.core.signing.time.time", return_value=timezone.now().timestamp() + 1.1e7):
        answer = visitor.get(link)

    assert answer.status_code == 410
    assert "This link has expired" in html(answer)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_closed_wave_accepts_no_answers(visitor: Client, link: str, method: str) -> None:
    Wave.objects.update(closes_at=timezone.now())
    answer = getattr(visitor, method)(link, {"nps": "9"})

    assert answer.status_code == 410
    assert "This survey is closed" in html(answer)
    assert not Response.objects.exists()


def test_a_busy_database_shows_a_friendly_error(
    visitor: Client, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    busy = patch.object(events, "receive", side_effect=OperationalError("database is locked"))
    with busy, caplog.at_level(logging.ERROR):
        answer = visitor.post(link, {"comment": "My own words"})

    assert answer.status_code == 503
    assert "could not save your answer" in html(answer)
    assert "My own words" not in caplog.text


def test_comments_are_not_logged(
    visitor: Client, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        visitor.post(link, {"comment": "My own words"})

    assert Response.objects.get().comment == "My own words"
    assert "My own words" not in caplog.text
    assert not RejectedEvent.objects.exists()


def test_learners_who_left_meanwhile_can_still_answer(visitor: Client, link: str) -> None:
    did("ada", "enrollment.withdrawn", "2026-02-10")
    visitor.post(link, {"nps": "2"})

    assert Response.objects.get().nps == 2


def test_only_get_head_and_post_are_allowed(visitor: Client, link: str) -> None:
    assert visitor.head(link).status_code == 200
    assert visitor.put(link).status_code == 405
