"""What is held about a learner is declared, shown and erased."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.core.management import CommandError, call_command
from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts.models import User
from business.models import Customer, Payment
from business.referral_codes import code_of, remember
from core.personal_data import ERASED, IMPERSONAL, PERSONAL_DATA, Action, Person
from curriculum.erasing import erase, is_erased, personal_data_of
from curriculum.models import Learner
from engagement.models import ActivityMoments, DailyActivity
from experiments.tests.documented import run_documented
from intake.events.senders import Sender
from intake.models import Event, Receipt, RejectedEvent
from intake.receiving.receive import receive
from intake.replay import replay_events
from kpis.models import Measurement
from kpis.recompute import recompute_stale
from outcomes.models import CertificateChange, Response, Testimonial

NOBODY = Person(0, 0, "-", frozenset(), "", "erased-0")
SENDER = Sender("lms", creates_unknown=True, scopes=frozenset({"curriculum:write"}))
ADA = "ada@example.com"
# what must not be found anywhere afterwards
NAMES = re.compile(r"ada@example\.com|ada@home\.example|Ada Lovelace", re.IGNORECASE)


def label(model: type[Model]) -> str:
    return model._meta.label


def test_every_model_is_declared() -> None:
    declared = [*PERSONAL_DATA, *IMPERSONAL]

    assert sorted(declared) == sorted(label(model) for model in apps.get_models())


def test_a_model_that_refers_to_people_is_not_declared_as_impersonal() -> None:
    people = {one.model for one in PERSONAL_DATA.values()} - {User}
    wrong = [
        f"{label(model)}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if label(model) in IMPERSONAL and field.concrete and field.related_model in people
    ]

    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", list(PERSONAL_DATA))
def test_declared_paths_and_fields_exist(name: str) -> None:
    one = PERSONAL_DATA[name]
    try:
        for field in one.fields:
            one.model._meta.get_field(field)
    except FieldDoesNotExist as error:
        pytest.fail(str(error))

    assert not one.find(NOBODY).exists()


def documented() -> list[dict[str, Any]]:
    """Return the documented events, about Ada, under ids that name her."""
    text = (Path(settings.BASE_DIR) / "docs" / "events.md").read_text()
    found = [json.loads(raw) for raw in re.findall(r"```json\n(\{.*\})\n```", text)]
    for event in found:
        if "learner" in event:
            event |= {"id": f"{ADA}/{event['id']}", "learner": ADA}
    return found


def subscribed() -> list[dict[str, Any]]:
    """Return the events of a subscription of Ada, of which only the first names her."""
    money = {"amount": "5.00", "currency": "USD"}
    held = {"subscription": f"contract {ADA}"}
    acts: list[tuple[str, dict[str, Any]]] = [
        ("subscription.started", held | {"customer": {"key": ADA, "kind": "learner"}}),
        ("subscription.cancelled", held),
        ("payment.received", held | money),
        ("payment.refunded", money | {"payment": f"{ADA}-1"}),
    ]
    return [
        {
            "id": f"shop {ADA} {number}",
            "kind": kind,
            "occurred_at": f"2026-01-1{number}T09:00:00Z",
            "data": data,
            **({"learner": ADA} if number == 0 else {}),
        }
        for number, (kind, data) in enumerate(acts)
    ]


def tables() -> dict[str, list[str]]:
    """Return every row of every table as text."""
    return {
        label(model): [repr(row) for row in QuerySet(model).order_by("pk").values()]
        for model in apps.get_models()
    }


def places_that_name_her() -> set[str]:
    return {name for name, rows in tables().items() if NAMES.search("\n".join(rows))}


@pytest.fixture
def ada(db: None) -> Learner:
    """Ada, with something in almost every table."""
    run_documented(ADA)
    events = documented()
    outcomes = receive(events, SENDER)
    assert {one.status for one in outcomes} == {"accepted"}, outcomes
    buys = {"key": " ADA@example.com", "kind": "learner", "name": "Ada Lovelace"}
    bought = {
        "id": f"order of {ADA}",
        "kind": "payment.received",
        "occurred_at": "2026-01-09T09:00:00Z",
        "data": {"amount": "9.00", "currency": "USD", "customer": buys, "payment": f"{ADA}-1"},
    }
    lost = {"id": "lost", "kind": "content.viewed", "learner": ADA, "course": "none"}
    receive([bought, {**lost, "occurred_at": "2026-01-09T09:00:00Z"}], SENDER)
    assert {one.status for one in receive(subscribed(), SENDER)} == {"accepted"}
    user = User.objects.create_user("ada@home.example", "secret", name="Ada Lovelace")
    ada = Learner.objects.get(key=ADA)
    ada.name, ada.email, ada.user = "Ada Lovelace", ADA, user
    ada.save()
    code_of(ada)
    remember(ada, "OTHER", now=timezone.now())
    for answer in Response.objects.all():
        Response.objects.filter(pk=answer.pk).update(comment="I, Ada Lovelace, agree.")
        Testimonial.objects.create(
            response=answer, text="I, Ada Lovelace, agree.", approved_at=timezone.now()
        )
    LogEntry.objects.create(
        user=User.objects.create_user("staff@example.com", "secret"),
        content_type=ContentType.objects.get_for_model(Learner),
        object_id=str(ada.pk), object_repr="Ada Lovelace", action_flag=2,
    )  # fmt: skip
    AccessAttempt.objects.create(
        username="Ada@Home.example", ip_address="192.0.2.1", failures_since_start=1
    )
    recompute_stale.recompute_stale(now=timezone.now())
    return ada


def test_what_is_held_is_shown(ada: Learner) -> None:
    held = {one.model: one for one in personal_data_of(ada)}

    assert Customer.objects.filter(kind="learner", key=ADA).exists()
    assert held["curriculum.Learner"].rows[0]["name"] == "Ada Lovelace"
    assert held["intake.Event"].action is Action.DELETE
    assert held["engagement.DailyActivity"].reason.startswith("A fact about a learner")
    # everything that names her is shown
    assert places_that_name_her() <= set(held)


def test_after_erasing_nothing_names_the_learner(ada: Learner) -> None:
    before = places_that_name_her()
    erase(ada)

    assert len(before) > 10
    assert places_that_name_her() == set()
    assert is_erased(Learner.objects.get())


def test_erasing_leaves_facts_and_figures(ada: Learner) -> None:
    kept = ("engagement.DailyActivity", "outcomes.SkillAssessment", "kpis.StaleDay")
    before = tables()
    figures = list(Measurement.objects.order_by("pk").values_list("pk", "total", "weight", "n"))
    erase(ada)
    replay_events()
    recompute_stale.recompute_stale(now=timezone.now())

    after = tables()
    assert figures
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert figures == list(
        Measurement.objects.order_by("pk").values_list("pk", "total", "weight", "n")
    )
    assert sum(Payment.objects.values_list("amount", flat=True)) > 0


def test_events_of_an_erased_learner_do_not_count_again(ada: Learner) -> None:
    payments = Payment.objects.count()
    erase(ada)
    outcomes = receive([*documented(), *subscribed()], SENDER)

    assert {one.status for one in outcomes} == {"duplicate"}
    assert places_that_name_her() == set()
    assert not Event.objects.exclude(learner="").exists()
    assert Payment.objects.count() == payments


def test_erasing_twice_changes_nothing(ada: Learner) -> None:
    erase(ada)
    before = tables()
    erase(ada)

    assert tables() == before


def test_others_stay_as_they_are(ada: Learner) -> None:
    run = {"course": "py", "occurred_at": "2026-01-12T09:30:00Z", "learner": "adam@example.com"}
    receive(
        [
            {**run, "id": "s", "kind": "enrollment.started", "run": "2026-spring"},
            {**run, "id": "v", "kind": "content.viewed"},
        ],
        SENDER,
    )
    receive([{**run, "id": "x", "kind": "content.viewed", "course": "go"}], Sender("lms"))
    erase(ada)

    assert Event.objects.filter(learner="adam@example.com").count() == 2
    assert Receipt.objects.filter(key__in=["s", "v"]).count() == 2
    assert RejectedEvent.objects.get().key == "x"
    assert DailyActivity.objects.filter(enrollment__learner__key="adam@example.com").exists()


def test_a_customer_with_a_former_key_of_the_learner_is_erased(ada: Learner) -> None:
    Learner.objects.filter(pk=ada.pk).update(key="number-1")
    erase(ada)

    assert not Customer.objects.filter(key=ADA).exists()


def test_what_later_events_need_no_longer_names_the_learner(ada: Learner) -> None:
    assert ActivityMoments.objects.exists()
    erase(ada)

    assert not ActivityMoments.objects.exists()
    assert all(one.key.startswith(ERASED) for one in CertificateChange.objects.all())
    assert set(CertificateChange.objects.values_list("number", "reason")) == {("", "")}
    assert Response.objects.get().event_key.startswith(ERASED)


def test_a_key_that_is_a_number_is_no_word_of_others(db: None) -> None:
    seven = Learner.objects.create(key="7")
    lost = {"kind": "content.viewed", "course": "none", "occurred_at": "2026-01-09T09:00:00Z"}
    receive(
        [
            {**lost, "id": "a", "learner": "7"},
            {**lost, "id": "b", "learner": "70", "module": "7", "value": 7},
        ],
        Sender("lms"),
    )
    erase(seven)

    assert [one.key for one in RejectedEvent.objects.all()] == ["b"]


def test_somebody_who_works_here_keeps_the_account(ada: Learner) -> None:
    User.objects.filter(learner=ada).update(is_staff=True)
    erase(ada)

    assert User.objects.filter(email="ada@home.example").exists()
    assert Learner.objects.get().user is None


def test_the_command_erases_by_key(ada: Learner, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("erase_learner", ADA, "--yes")

    assert places_that_name_her() == set()
    assert "Erased" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_refuses_an_unknown_key() -> None:
    with pytest.raises(CommandError, match="There is no learner with the key"):
        call_command("erase_learner", "nobody", "--yes")
