"""Sentry and OpenTelemetry, each in a process of its own, since they change libraries for good."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from kpisite.observing import errors, traces
from kpisite.tests.product import clean_environment

pytestmark = pytest.mark.once

BEFORE = """
import json, logging, os
os.environ["DJANGO_SETTINGS_MODULE"] = "kpisite.settings"
"""
SENTRY = """
import django
from kpisite.observing import errors
django.setup()
import sentry_sdk
from sentry_sdk.transport import Transport
from core import request_ids
sent = []
class Kept(Transport):
    def capture_envelope(self, envelope):
        sent.append(envelope.get_event())
errors.start(transport=Kept)
from django.test import Client
import dashboard.views
from django.urls import path
from kpisite import urls
def fails(request):
    learner = "ada@example.org"
    logging.getLogger("kpisite").error("%s failed", learner)
    raise ValueError(f"{learner} is unknown")
urls.urlpatterns.insert(0, path("fails", fails))
client = Client(raise_request_exception=False)
headers = {"X-Request-ID": "0197f0f4-6a3c", "Cookie": "x=ada"}
client.get("/fails?of=ada@example.org", headers=headers)
print(json.dumps(sent, default=str))
"""
OTEL = """
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import django
from kpisite.observing import traces
kept = InMemorySpanExporter()
traces.start(kept)
django.setup()
from django.db import connection
from django.test import Client
from kpisite.celery import app
@app.task(name="probe")
def probe():
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["ada@example.org"])
Client().get("/health/web?of=ada@example.org", headers={"X-Request-ID": "0197f0f4-6a3c"})
probe.apply()
found = [[one.name, dict(one.attributes)] for one in kept.get_finished_spans()]
print(json.dumps(found, default=str))
"""


def said(script: str, folder: Path, **given: str) -> Any:
    # static files are not collected here
    usual = {"KPI_DATA_DIR": str(folder), "DEBUG": "yes", "ALLOWED_HOSTS": "testserver"}
    environment = clean_environment(**usual, **given)
    ended = subprocess.run(
        [sys.executable, "-c", BEFORE + script],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_sentry_gets_the_error_and_no_personal_data(tmp_path: Path) -> None:
    pytest.importorskip("sentry_sdk")
    events = said(SENTRY, tmp_path, KPI_SENTRY_DSN="http://key@127.0.0.1:1/1")
    (error,) = [one for one in events if one.get("exception")]

    assert error["exception"]["values"][-1]["type"] == "ValueError"
    assert error["tags"]["request_id"] == "0197f0f4-6a3c"
    # lines of our code
    for one in events:
        for value in one.get("exception", {}).get("values", []):
            value.pop("stacktrace")
    assert "ada" not in json.dumps(events).replace("metadata", "")


def test_nothing_else_is_kept_of_an_event() -> None:
    event = {
        "message": "Ada failed",
        "logentry": {"message": "%s failed", "params": ["Ada"], "formatted": "Ada failed"},
        "user": {"email": "ada@example.org"},
        "request": {"url": "/x?of=ada", "method": "GET", "cookies": {}, "data": {}, "env": {}},
        "extra": {"name": "Ada"},
        "contexts": {"runtime": {"name": "CPython"}, "celery-job": {"args": ["Ada"]}},
    }

    assert errors.without_people(event, {}) == {
        "logentry": {"message": "%s failed"},
        "request": {"method": "GET"},
        "contexts": {"runtime": {"name": "CPython"}},
        "tags": {"request_id": ""},
    }


def test_requests_tasks_and_queries_are_spans_without_values(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk")
    spans = said(OTEL, tmp_path)
    names = [name for name, _ in spans]
    request = next(attributes for name, attributes in spans if name == "GET /health/web")

    assert request["request.id"] == "0197f0f4-6a3c"
    assert any("probe" in name for name in names)
    assert any(name.startswith("SELECT") for name in names)
    assert "ada" not in json.dumps(spans).lower()


@pytest.mark.parametrize(
    ("given", "is_wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318", "OTEL_SDK_DISABLED": "true"}, False),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318", "OTEL_TRACES_EXPORTER": "none"},
            False,
        ),
    ],
)
def test_standard_variables_switch_traces_on(
    given: dict[str, str], is_wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert traces.is_wanted() is is_wanted


def test_what_is_not_installed_is_a_sentence(tmp_path: Path) -> None:
    hidden = (
        "import sys, importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, package=None: None"
        " if name.startswith(('sentry_sdk', 'opentelemetry')) else find(name, package)\n"
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'kpisite.settings'\n"
        "import django; django.setup()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", hidden],
        cwd=settings.BASE_DIR,
        env=clean_environment(
            KPI_DATA_DIR=str(tmp_path),
            KPI_SENTRY_DSN="http://key@sentry/1",
            OTEL_EXPORTER_OTLP_ENDPOINT="http://otel:4318",
        ),
        capture_output=True,
        check=True,
        text=True,
    )

    assert "the package sentry-sdk is not installed" in ended.stderr
    assert "OpenTelemetry is not installed" in ended.stderr
    assert importlib.util.find_spec("kpisite")
