"""Migrations fill from stored events what handlers remember of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from engagement.models import ActivityMoments, CourseDefinition
from intake.events.senders import Sender
from intake.tests.lms import event, school, send, statuses
from outcomes.models import CertificateChange, Response

pytestmark = pytest.mark.django_db

DEFINER = Sender("lms", scopes=frozenset({"curriculum:write"}))


def rows(model: Any) -> list[dict[str, Any]]:
    found = [{**one, "id": None} for one in model.objects.order_by("pk").values()]
    return sorted(found, key=repr)


def filled(app: str, migration: str) -> None:
    import_module(f"{app}.migrations.{migration}").fill(apps, None)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def accept(*events: dict[str, Any]) -> None:
    assert set(statuses(send(*events, sender=DEFINER))) == {"accepted"}


def test_moments_of_activity_are_filled() -> None:
    accept(event("e1"), event("e2", at="2026-01-06T10:00:00.5Z"), event("p", "enrollment.paused"))
    accept(event("e3", "note.written", at="2026-01-07T00:00:00Z"), event("bo", learner="bo"))
    before = rows(ActivityMoments)
    ActivityMoments.objects.all().delete()
    filled("engagement", "0003_fill_moments_and_definitions")

    assert rows(ActivityMoments) == before
    assert sorted(one["seconds"] for one in before) == ["0 ", "32400 ", "32400 36000.5 "]


def test_definitions_are_filled() -> None:
    for day, title in ((5, "A"), (6, "A"), (7, "B"), (8, "A")):
        at = f"2026-01-0{day}T00:00:00Z"
        accept(event(f"d{day}", "course.defined", at, learner=None, data={"title": title}))
    before = rows(CourseDefinition)
    CourseDefinition.objects.all().delete()
    filled("engagement", "0003_fill_moments_and_definitions")

    assert rows(CourseDefinition) == before
    assert sorted(one["key"] for one in before) == ["d6", "d7", "d8"]


def test_changes_of_certificates_are_filled() -> None:
    earned = {"number": "A-1", "expires_on": "2027-01-01"}
    accept(event("e1", "certificate.earned", data=earned), event("e2", "certificate.expired"))
    accept(event("e1", "certificate.revoked", data={"reason": "Copied"}))
    before = rows(CertificateChange)
    CertificateChange.objects.all().delete()
    filled("outcomes", "0004_fill_certificate_changes")

    assert len(before) == 3
    assert rows(CertificateChange) == before


def test_the_events_of_answers_are_filled() -> None:
    for key in ("e2", "e1"):
        accept(event(key, "survey.answered", data={"survey": "s", "wave": "w", "nps": 9}))
    Response.objects.update(event_key="", event_sender="")
    filled("outcomes", "0004_fill_certificate_changes")
    (answer,) = Response.objects.all()

    assert (answer.event_key, answer.event_sender) == ("e2", "lms")
