"""What is held about a learner is declared, shown and erased."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alerts.models import Alert
from business.models import Customer, OrganizationGrant, Payment
from core.mentions import TEXTS
from core.personal_data import ERASED, IMPERSONAL, PERSONAL_DATA, Action, Person
from curriculum.erasing import erase, is_erased, personal_data_of
from curriculum.models import Learner
from engagement.models import ActivityMoments, DailyActivity
from intake.events.senders import Sender
from intake.models import Event, Receipt, RejectedEvent
from intake.receiving.receive import receive
from kpisite.tests.erased_people import (
    ADA,
    HOME,
    NAMES,
    SENDER,
    ada_with_everything,
    documented,
    subscribed,
)
from notifications.models import Channel
from notifications.tests.notifying import create_alert
from outcomes.models import CertificateChange, CertificateCode, Response

NOBODY = Person(0, 0, "-", frozenset(), frozenset(), "erased-0")


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


# the content of courses and settings, and what machines write
NO_STATEMENT = """
core.WorkItem dashboard.ReportSubscription accounts.ApiKey accounts.ShippedGroup support.ChanceModel
curriculum.Course curriculum.CourseRun curriculum.Module
curriculum.Skill curriculum.Parameter curriculum.StructureVersion kpis.CompositeMeasurement
kpis.HeldFigure kpis.Verification engagement.CourseDefinition engagement.LearningObject
outcomes.Survey outcomes.Theme alerts.AlertRule improvement.AdjustmentRule experiments.Layer
experiments.Variant experiments.Analysis experiments.AnalysisResult auth.Permission
lti.Platform lti.Context lti.ToolKey statements.Mapping
"""


# names, ids and what machines write, of the one person who is in the row; or searched otherwise
OF_ONE_PERSON = """
accounts.AccessRecord accounts.Session accounts.User admin.LogEntry axes.AccessAttempt
axes.AccessFailureLog axes.AccessLog business.Customer business.Subscription
business.SubscriptionChange curriculum.Learner engagement.ActivityMoments engagement.ItemResult
engagement.VideoProgress intake.Receipt intake.RejectedEvent outcomes.CertificateCode
outcomes.QuoteConsent xapi.ActivityProfile xapi.AgentProfile xapi.Attachment
xapi.RefusedStatement xapi.State intake.LearnerAlias lti.Member statements.CaliperEvent
statements.InterpretedStatement statements.LearnerIdentifier statements.Unit statements.UnitReport
"""


def test_every_text_in_which_others_may_name_people_is_searched() -> None:
    searched = {label(one.model) for one in TEXTS}
    with_texts = {
        label(model)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.TextField | models.JSONField)
        or (isinstance(field, models.CharField) and (field.max_length or 0) >= 200)
    }

    assert with_texts - searched == {*NO_STATEMENT.split(), *OF_ONE_PERSON.split()}


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
    return ada_with_everything()


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


@pytest.mark.parametrize(
    "place", ["account", "former name on a certificate", "customer", "account that stays"]
)
def test_a_name_that_is_known_only_elsewhere_is_erased(ada: Learner, place: str) -> None:
    name = "Augusta King"
    models = (Learner, Customer, CertificateCode)
    for model in models:
        model._default_manager.update(name="")
    User.objects.update(name="", is_staff=place == "account that stays")
    stored = dict(zip(("customer", "former name on a certificate"), models[1:], strict=True))
    stored.get(place, User)._default_manager.update(name=name)
    create_alert(note=f"{name} called.")
    erase(ada)

    assert Alert.objects.get().note == "[…] called."


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
    channel = Channel.objects.create(kind="email", name="Me", address=HOME.upper())
    erase(ada)

    assert User.objects.filter(email=HOME).exists()
    assert Learner.objects.get().user is None
    channel.refresh_from_db()
    assert channel.address == HOME.upper()


def test_somebody_who_manages_seats_keeps_the_account(ada: Learner) -> None:
    acme = Customer.objects.create(kind="organisation", key="globex")
    OrganizationGrant.objects.create(user=User.objects.get(learner=ada), organization=acme)
    erase(ada)

    assert User.objects.filter(email=HOME).exists()


def test_the_command_erases_by_key(ada: Learner, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("erase_learner", ADA, "--yes")

    assert places_that_name_her() == set()
    assert "Erased" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_refuses_an_unknown_key() -> None:
    with pytest.raises(CommandError, match="There is no learner with the key"):
        call_command("erase_learner", "nobody", "--yes")


def statements_to_erase(who: str, visits: int) -> int:
    enrolled = {"learner": who, "course": "py", "occurred_at": "2026-01-12T09:30:00Z"}
    sent = [{**enrolled, "id": f"{who}-s", "kind": "enrollment.started", "run": "2026-spring"}]
    sent += [
        {**enrolled, "id": f"{who}-{at}", "kind": "content.viewed", "object": f"page {at}"}
        for at in range(visits)
    ]
    receive(sent, SENDER)
    with CaptureQueriesContext(connection) as statements:
        erase(Learner.objects.get(key=who))
    return len(statements)


def test_the_number_of_statements_does_not_depend_on_that_of_events(ada: Learner) -> None:
    few = statements_to_erase("bo@example.com", 10)

    assert statements_to_erase("cleo@example.com", 600) <= few
    assert few < 150
