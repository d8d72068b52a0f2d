"""Statements that are sent to the learning record store become figures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from curriculum.erasing import erase
from curriculum.models import Learner
from engagement.models import AssessmentResult, VideoProgress
from intake.models import Event, RejectedEvent
from intake.tasks import retry_rejected
from statements import replay
from statements.models import InterpretedStatement, LearnerIdentifier, Mapping, Pattern
from statements.tests.senders import activity, edx, question, statement, watched
from statements.vocabulary import COURSE, acrossx, adl, video
from xapi.models import Statement

pytestmark = pytest.mark.django_db

SCORE = {"score": {"raw": 3, "min": 0, "max": 4}}


class Lrs:
    """A learning tool with an API key, over HTTP."""

    def __init__(self, *, creates_unknown: bool = True) -> None:
        scopes = [ApiKey.Scope.XAPI_WRITE, ApiKey.Scope.XAPI_READ]
        _, self.secret = create_api_key("tool", scopes, creates_unknown=creates_unknown)

    def send(self, *raws: dict[str, Any]) -> Any:
        headers = {
            "Authorization": f"Bearer {self.secret}",
            "X-Experience-API-Version": "1.0.3",
        }
        body = json.dumps(list(raws))
        return Client().post(
            "/xapi/statements", body, content_type="application/json", headers=headers
        )


@pytest.fixture
def lrs() -> Lrs:
    return Lrs()


def graded(**more: Any) -> dict[str, Any]:
    return edx(acrossx("evaluated"), question(), result=SCORE, **more)


def test_a_score_that_is_sent_is_a_result(lrs: Lrs) -> None:
    assert lrs.send(graded()).status_code == 200

    assert AssessmentResult.objects.get().score == 0.75
    assert Event.objects.get(kind="assessment.graded").sender == "tool"


def test_a_statement_sent_again_counts_once(lrs: Lrs) -> None:
    one = graded()
    lrs.send(one)
    assert lrs.send(one).status_code == 200

    assert Pattern.objects.get().count == 1
    assert AssessmentResult.objects.count() == 1


def test_a_statement_without_an_id_or_a_time_is_interpreted_too(lrs: Lrs) -> None:
    raw = {name: value for name, value in graded().items() if name not in ("id", "timestamp")}
    lrs.send(raw)

    assert Event.objects.get(kind="assessment.graded").key == str(Statement.objects.get().uuid)


def test_a_voided_statement_counts_no_longer(lrs: Lrs) -> None:
    one = graded()
    lrs.send(one)
    lrs.send(statement(adl("voided"), {"objectType": "StatementRef", "id": one["id"]}))

    assert not AssessmentResult.objects.exists()


def test_a_batch_with_a_wrong_statement_leads_to_no_event(lrs: Lrs) -> None:
    assert lrs.send(graded(), {"actor": {}}).status_code == 400

    assert not Event.objects.exists()
    assert not Pattern.objects.exists()


def test_segments_that_are_sent_are_watched(lrs: Lrs) -> None:
    lrs.send(watched(video("paused"), played_segments="0[.]30[,]40", time=52))

    assert VideoProgress.objects.get().watched_seconds == 42


def test_a_mapping_is_replayed_over_what_the_store_has(lrs: Lrs) -> None:
    balls = activity("https://example.org/balls", "https://example.org/act")
    course = activity("https://example.org/course", COURSE)
    lrs.send(statement("https://example.org/juggled", balls, parent=[course]))
    assert Pattern.objects.unmapped().get().count == 1
    Mapping.objects.create(verb="https://example.org/juggled", kind="content.viewed")
    replay.replay(Pattern.objects.all())

    assert Event.objects.filter(kind="content.viewed").count() == 1


def test_what_was_rejected_is_retried_for_a_key_of_xapi_too() -> None:
    Lrs(creates_unknown=False).send(graded())
    assert RejectedEvent.objects.get().code == "unknown_course"
    ApiKey.objects.update(creates_unknown=True)

    assert retry_rejected() == 0
    assert RejectedEvent.objects.get().code == "not_enrolled"


def test_erasing_a_learner_erases_the_statements_under_all_identifiers(lrs: Lrs) -> None:
    lrs.send(graded())
    erase(Learner.objects.get(key="lms.example.org:ada"))

    assert not Statement.objects.exists()
    assert not LearnerIdentifier.objects.exists()
    assert InterpretedStatement.objects.count() == 1


def test_a_batch_takes_as_many_queries_whatever_its_size(
    lrs: Lrs, django_assert_max_num_queries: Any
) -> None:
    lrs.send(graded(at="2026-01-06T11:00:00Z"))
    with django_assert_max_num_queries(110):
        lrs.send(*(graded(at=f"2026-01-07T12:00:{at:02}Z") for at in range(60)))

    assert AssessmentResult.objects.count() == 61
