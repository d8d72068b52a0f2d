"""The id of a request: in its response, in the log, in the tasks it queues and in webhooks."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from subprocess import Popen
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.tests.people import account
from core import request_ids
from kpisite.celery import app
from kpisite.config.logs import JsonFormatter, KeyValueFormatter
from kpisite.tests.product import wait_until
from notifications.delivery import webhooks
from notifications.models import Notification

GIVEN = "0197f0f4-6a3c-7c1e-b2d3-0123456789ab"


@pytest.mark.django_db
def test_the_id_of_the_proxy_is_kept(client: Client) -> None:
    answer = client.get("/sign-in", headers={"X-Request-ID": GIVEN})

    assert answer.headers["X-Request-ID"] == GIVEN


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with space in it", "x\nlevel=error", "é" * 9]
)
def test_what_is_not_well_formed_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/sign-in", headers={"X-Request-ID": given})

    assert len(answer.headers["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_each_request_has_its_own(client: Client) -> None:
    answers = [client.get("/sign-in").headers["X-Request-ID"] for _ in range(2)]

    assert len(set(answers)) == 2
    assert request_ids.current() == ""


@pytest.mark.django_db
def test_an_error_page_names_it(client: Client) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": GIVEN})

    assert GIVEN in answer.content.decode()


@pytest.mark.django_db
def test_a_problem_of_the_server_names_it(client: Client) -> None:
    client.force_login(account("Ada", is_staff=True))
    client.raise_request_exception = False
    gone = OperationalError("server closed the connection unexpectedly")
    with patch("django.db.backends.utils.CursorWrapper.execute", side_effect=gone):
        answer = client.get("/api/kpi", headers={"X-Request-ID": GIVEN})

    assert (answer.status_code, answer.json()["request_id"]) == (503, GIVEN)


@pytest.mark.once
def test_lines_of_the_log_have_it_in_both_formats() -> None:
    record = logging.LogRecord("kpis", logging.INFO, "x.py", 1, "4 cells", (), None)
    with request_ids.bound(GIVEN):
        text, data = KeyValueFormatter().format(record), JsonFormatter().format(record)

    assert f'message="4 cells" request={GIVEN}' in text
    assert json.loads(data) | {"time": ""} == {
        "time": "", "level": "info", "logger": "kpis", "message": "4 cells", "request": GIVEN,
    }  # fmt: skip


@pytest.mark.once
def test_a_webhook_has_it() -> None:
    with request_ids.bound(GIVEN):
        assert webhooks._headers(Notification(key="k"))["X-Request-ID"] == GIVEN
    assert "X-Request-ID" not in webhooks._headers(Notification(key="k"))


@pytest.mark.journey
@pytest.mark.once
def test_a_real_worker_logs_it(real_worker: Popen[bytes]) -> None:
    log = Path(settings.KPI_DATA_DIR) / "worker.log"
    with request_ids.bound(GIVEN):
        app.send_task("learners.tasks.mail_erasure_request", ["not a number"])

    assert wait_until(lambda: f"request={GIVEN}" in log.read_text(), seconds=30)


@pytest.fixture
def access_log(settings: Settings) -> None:
    settings.KPI_ACCESS_LOG = "ON"


@pytest.mark.django_db
@pytest.mark.usefixtures("access_log")
def test_the_access_log_has_no_personal_data(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.force_login(account("Ada", is_staff=True))
    with caplog.at_level(logging.INFO, "kpisite.access"):
        client.get("/kpi-dashboard/engagement.depth?learner=ada@example.org")
    line = KeyValueFormatter().format(caplog.records[-1])

    assert 'route="/kpi-dashboard/<' in line
    assert "status=200 ms=" in line
    assert 'account="staff"' in line
    for secret in ("ada", "127.0.0.1", "engagement.depth"):
        assert secret not in line.lower()


@pytest.mark.django_db
def test_addresses_are_logged_only_if_that_is_set(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.KPI_ACCESS_LOG = "ADDRESSES"
    with caplog.at_level(logging.INFO, "kpisite.access"):
        Client().get("/health/web")

    assert caplog.records[-1].__dict__["fields"]["address"] == "127.0.0.1"
