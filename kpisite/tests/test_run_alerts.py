"""A manager of one run sees the alerts and experiments that are about granted runs alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import RunGrant, User
from accounts.tests.people import account, learner, run_of
from alerts.audience import owners
from alerts.models import Alert
from alerts.tests.alerted import create_alert
from curriculum.models import Course, CourseRun, Module
from experiments.models import Experiment
from experiments.tests.trials import draft
from kpis.tests import kernel
from kpis.tests.kernel import STARTED
from notifications import inbox
from notifications.delivery.transports import responsible_for
from notifications.models import Channel, Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[CourseRun]:
    """Runs a and b of "py"."""
    kernel.declare(monkeypatch)
    first = kernel.run_of("a")
    return [first, run_of(first.course, "b")]


@pytest.fixture
def cleo(runs: list[CourseRun]) -> User:
    """The manager of run a."""
    return account("Cleo", runs=(runs[0],))


def alert_of(what: Course | CourseRun | Module) -> Alert:
    if isinstance(what, CourseRun):
        place: dict[str, Any] = {"scope": "run", "scope_id": what.pk, "course": what.course}
        return create_alert(kpi=STARTED, name=f"Run {what.key}", **place)
    return create_alert(what, kpi=STARTED, name=f"{type(what).__name__} {what.key}")


@pytest.fixture
def alerts(runs: list[CourseRun]) -> dict[str, Alert]:
    course = runs[0].course
    module = course.modules.earliest("position")
    things: list[Course | CourseRun | Module] = [*runs, course, module]
    return {one.rule.name: one for one in [alert_of(thing) for thing in things]}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_pages_and_the_api_show_alerts_of_the_run_only(
    cleo: User, alerts: dict[str, Alert]
) -> None:
    client, mine = client_of(cleo), alerts["Run a"]
    listed = client.get("/alerts").content.decode()
    [in_api] = client.get("/api/alerts").json()["results"]

    assert [name for name in alerts if name in listed] == ["Run a"]
    assert in_api["id"] == mine.pk
    assert len(client.get("/api/alerts?course=py").json()["results"]) == 1
    for path in ("/alerts/{}", "/api/alerts/{}"):
        found = {name: client.get(path.format(one.pk)).status_code for name, one in alerts.items()}
        assert found == {name: 200 if one == mine else 404 for name, one in alerts.items()}


def test_a_manager_of_one_run_acts_on_its_alerts_only(cleo: User, alerts: dict[str, Alert]) -> None:
    client = client_of(cleo)
    for one in alerts.values():
        client.post(f"/alerts/{one.pk}", {"act": "acknowledge", "owner": cleo.pk})

    assert [one.rule.name for one in Alert.objects.filter(acknowledged_by=cleo)] == ["Run a"]


def test_alerts_of_the_run_go_to_its_managers(
    cleo: User, runs: list[CourseRun], alerts: dict[str, Alert]
) -> None:
    bo = account("Bo", grants=(runs[0].course,))

    assert responsible_for(alerts["Run a"]) == [bo.email, cleo.email]
    assert responsible_for(alerts["Run b"]) == [bo.email]
    assert responsible_for(alerts["Course py"]) == [bo.email]
    assert set(owners(alerts["Run a"])) == {bo, cleo}
    assert set(owners(alerts["Run b"])) == {bo}


def test_an_owner_whose_grant_of_the_run_ended_gets_no_mail(
    cleo: User, alerts: dict[str, Alert]
) -> None:
    mine = alerts["Run a"]
    Alert.objects.filter(pk=mine.pk).update(owner=cleo)
    mine.refresh_from_db()
    assert responsible_for(mine) == [cleo.email]

    RunGrant.objects.all().delete()
    assert responsible_for(Alert.objects.get(pk=mine.pk)) == []


def test_the_inbox_has_alerts_of_the_run_only(cleo: User, alerts: dict[str, Alert]) -> None:
    channel = Channel.objects.create(name="here", kind=Channel.Kind.IN_APP)
    for one in alerts.values():
        Notification.objects.create(
            channel=channel, event=one.events.get(), course=one.course, key=str(one.pk),
            sent_at="2999-01-01T00:00:00Z", payload={},
        )  # fmt: skip

    found = [one.event.alert.rule.name for one in inbox.unread_of(cleo) if one.event]
    assert found == ["Run a"]


@pytest.fixture
def experiments(runs: list[CourseRun]) -> None:
    draft("of-a", runs=runs[:1])
    draft("of-both", runs=runs)
    draft("of-course", courses=[runs[0].course])
    draft("of-course-and-a", courses=[runs[0].course], runs=runs[:1])


def test_experiments_of_granted_runs_are_shown_and_no_others(cleo: User, experiments: None) -> None:
    client = client_of(cleo)
    listed = client.get("/experiments").content.decode()
    keys = list(Experiment.objects.values_list("key", flat=True))

    assert [key for key in keys if f"/experiments/{key}" in listed] == ["of-a"]
    found = {key: client.get(f"/experiments/{key}").status_code for key in keys}
    assert found == {key: 200 if key == "of-a" else 404 for key in keys}
    in_api = client.get("/api/experiments?course=py")
    if in_api.status_code == 200:
        assert [one["key"] for one in in_api.json()["results"]] == ["of-a"]


def test_whoever_manages_all_its_runs_sees_an_experiment(
    runs: list[CourseRun], experiments: None
) -> None:
    dee = client_of(account("Dee", runs=tuple(runs)))

    assert dee.get("/experiments/of-both").status_code == 200
    assert dee.get("/experiments/of-course").status_code == 404


def test_a_stranger_sees_neither(experiments: None, alerts: dict[str, Alert]) -> None:
    eve = client_of(account("Eve"))
    learner("Eve")

    assert eve.get("/experiments/of-a").status_code in (403, 404)
    assert {eve.get(f"/alerts/{one.pk}").status_code for one in alerts.values()} <= {403, 404}
