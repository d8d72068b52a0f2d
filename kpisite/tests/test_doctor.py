"""Each check of the doctor is seen to fail, by what really breaks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.tests.people import account
from core.redis_cache import valkey
from demo.known_password import KNOWN
from intake.models import RejectedEvent
from kpis.models import ReportingZone, StaleDay
from kpisite.backups import last_backup
from kpisite.doctor import examine
from kpisite.doctor.checks import clocks, mail
from kpisite.doctor.findings import Finding, Problem
from kpisite.doctor.registry import CHECKS
from kpisite.http import health
from kpisite.jobs import beat, last_runs
from kpisite.metrics import backlog
from notifications.models import Notification

pytestmark = pytest.mark.django_db


def found(key: str) -> list[Finding]:
    return list(examine._findings(CHECKS[key]))


def problems(key: str) -> str:
    return " ".join(one.text for one in found(key) if one.level == "problem")


@pytest.fixture
def public(settings: Settings) -> Settings:
    """A site that others can reach, set up well."""
    settings.IS_LOCAL = False
    settings.SECRET_KEY = "k3q9zx0v7b2n8m5c1a6s4d-fghjklwertyu"
    settings.ALLOWED_HOSTS = ["kpi.example.org"]
    settings.KPI_BASE_URL = "https://kpi.example.org"
    settings.CSRF_TRUSTED_ORIGINS = ["https://kpi.example.org"]
    settings.HTTPS = settings.BEHIND_PROXY = True
    return settings


SETTINGS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("settings.secret-key", {"SECRET_KEY": "a" * 40}, "can be guessed"),
    ("settings.secret-key", {"DEBUG": True}, "Debugging is on"),
    ("settings.hosts", {"ALLOWED_HOSTS": ["*"]}, "forged Host headers"),
    ("settings.hosts", {"KPI_BASE_URL": "http://localhost:5000"}, "reader's own machine"),
    ("settings.https", {"HTTPS": False}, "without encryption"),
    ("settings.https", {"BEHIND_PROXY": False}, "redirects to itself"),
    ("settings.https", {"CSRF_TRUSTED_ORIGINS": []}, "Forms may be refused"),
    ("settings.https", {"KPI_BASE_URL": "http://kpi.example.org"}, "begin with http:"),
    ("mail.server", {"EMAIL_BACKEND": "x.console.EmailBackend"}, "not sent, but printed"),
    ("backups.age", {}, "No backup is known"),
)


@pytest.mark.once
@pytest.mark.parametrize(("key", "wrong", "said"), SETTINGS)
def test_a_wrong_setting_is_a_sentence(
    public: Settings, key: str, wrong: dict[str, Any], said: str
) -> None:
    for name, value in wrong.items():
        setattr(public, name, value)

    assert said in problems(key)
    if wrong:
        assert found(key)[0].where
        assert found(key)[0].remedy


@pytest.mark.once
@pytest.mark.parametrize("key", ["settings.secret-key", "settings.hosts", "settings.https"])
def test_a_site_that_is_set_up_well_has_no_problem(public: Settings, key: str) -> None:
    assert problems(key) == ""


@pytest.mark.once
def test_a_secret_key_that_others_can_read_is_reported(settings: Settings, tmp_path: Path) -> None:
    settings.KPI_DATA_DIR = tmp_path
    (tmp_path / "secret-key").write_text("x")
    (tmp_path / "secret-key").chmod(0o644)

    assert "can read the secret key" in problems("settings.secret-key")


def test_the_published_password_is_reported_in_public(public: Settings) -> None:
    ada = account("Ada", is_superuser=True)
    ada.set_password(KNOWN)
    ada.save()

    assert "Everybody knows the password of one account" in problems("accounts.demonstration")


def test_days_of_another_time_zone_are_reported() -> None:
    ReportingZone.objects.create(name="Asia/Tokyo", since=timezone.now())

    assert "stored in Asia/Tokyo, but the setting is UTC" in problems("database.time-zone")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM django_migrations WHERE app = 'lti'", "lacks lti 0001"),
        (
            "UPDATE django_migrations SET name = '9999_x' WHERE app = 'lti' AND name LIKE '0001%'",
            "of a newer version of the product: it has lti 9999_x",
        ),
    ],
)
def test_tables_of_another_version_are_reported(statement: str, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

    assert said in problems("database.migrations")


@pytest.mark.once
def test_a_worker_and_a_beat_that_do_not_report_are_reported() -> None:
    assert "No worker has reported" in problems("programs.worker")
    assert "The scheduler has sent nothing" in problems("programs.beat")
    health.record_worker()
    beat.record_sent()
    assert problems("programs.worker") + problems("programs.beat") == ""


@pytest.mark.once
def test_a_job_that_no_longer_runs_or_fails_is_reported() -> None:
    last_runs.note("kpis.tasks.recompute", is_success=True, at=time.time() - 7_200)
    last_runs.note("kpisite.tasks.run_cycle", is_success=False, at=time.time())
    said = problems("jobs.last-runs")

    assert "“recompute stale figures” last ended 2 hours ago" in said
    assert "“run the cycle” failed 0 seconds ago" in said
    assert "“send surveys” has not run in the last 2 hours; it is due every 10 minutes" in said
    assert "“delete old rows”" not in said


@pytest.mark.once
@pytest.mark.parametrize(
    ("option", "value", "key", "said"),
    [
        ("maxmemory-policy", "allkeys-lru", "valkey.memory", "throws jobs away"),
        ("maxmemory", "1mb", "valkey.memory", "almost full"),
        ("appendonly", "no", "valkey.persistence", "stores nothing on disk"),
    ],
)
def test_a_valkey_that_loses_jobs_is_reported(option: str, value: str, key: str, said: str) -> None:
    before = valkey().config_get(option)[option]
    valkey().config_set(option, value)
    try:
        assert said in problems(key)
    finally:
        valkey().config_set(option, str(before))
    assert problems(key) == ""


def test_work_that_waits_for_too_long_is_reported() -> None:
    now = timezone.now()
    StaleDay.objects.create(key="x", first=now.date(), last=now.date())
    assert problems("backlog.figures") == ""
    StaleDay.objects.update(since=now - timedelta(hours=3))
    for number, state in enumerate(("waiting", "dead")):
        Notification.objects.create(
            key=str(number), state=state, next_try_at=now - timedelta(hours=1)
        )
    assert "Facts changed 3 hours ago" in problems("backlog.figures")
    said = problems("backlog.notifications")
    assert "1 notifications are due and not sent" in said
    assert "failed for good" in said


def test_many_rejected_events_are_reported() -> None:
    RejectedEvent.objects.bulk_create(
        RejectedEvent(
            sender="lms", digest=str(one), code="unknown_course", received_at=timezone.now()
        )
        for one in range(100)
    )

    assert "100 events of the last 7 days were rejected, the last one of lms" in problems(
        "backlog.rejected-events"
    )


@pytest.mark.once
def test_a_long_queue_is_reported() -> None:
    import redis  # noqa: PLC0415

    server = redis.Redis.from_url(site.VALKEY.for_django())
    server.lpush(backlog.QUEUE, *["{}"] * 1_000)
    try:
        assert "1,000 jobs wait for a worker" in problems("backlog.queue")
    finally:
        server.delete(backlog.QUEUE)


@pytest.mark.once
def test_a_worker_with_a_clock_that_is_ahead_is_reported() -> None:
    cache.set(health.HEARTBEAT_KEY, int(time.time()) + 90, None)

    assert "The clock of a worker is" in problems("clocks.worker")
    behind = clocks.compared(-61, "the database")
    assert isinstance(behind, Problem)
    assert "61 seconds behind" in behind.text


@pytest.mark.once
def test_an_old_backup_is_reported(public: Settings, tmp_path: Path) -> None:
    file = tmp_path / "site.zip"
    file.write_bytes(b"x")
    last_backup.note(file, timezone.now() - timedelta(days=5))
    (one,) = found("backups.age")

    assert "The last backup is 5 days old" in one.text
    assert one.where.endswith(str(file))
    public.KPI_BACKUP_HOURS = 0
    assert problems("backups.age") == ""


@pytest.mark.once
def test_static_files_that_are_missing_or_old_are_reported(
    settings: Settings, tmp_path: Path
) -> None:
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    settings.STATIC_ROOT = tmp_path
    assert "No static files were collected" in problems("static-files.collected")
    (tmp_path / "staticfiles.json").write_text(json.dumps({"paths": {"a.css": "a.1.css"}}))
    assert "are missing" in problems("static-files.collected")
    (tmp_path / "a.1.css").touch()
    assert "are of another version: they lack" in problems("static-files.collected")


@pytest.mark.once
def test_a_catalog_that_is_not_compiled_is_reported(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text('msgid "Course"\nmsgstr "Kurs"\n')
    settings.BASE_DIR = tmp_path
    assert "is not compiled" in problems("translations.compiled")
    (folder / "django.mo").write_bytes(b"old")
    assert "is of another version" in problems("translations.compiled")


@pytest.mark.once
def test_a_mail_server_that_does_not_answer_is_reported(public: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        public.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        public.EMAIL_HOST, public.EMAIL_PORT = "127.0.0.1", taken.getsockname()[1]

        assert "does not let the site in" in problems("mail.server")
        assert isinstance(mail.send_test("ada@example.org"), Problem)


@pytest.mark.once
def test_the_rest_is_checked_while_database_and_valkey_are_down(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=site.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "KPI_DATA_DIR": str(tmp_path),
            "DATABASE_URL": "postgres://kpi:secret-word@127.0.0.1:1/kpi",
            "REDIS_URL": "redis://:secret-word@127.0.0.1:1/0",
            "SECRET_KEY": "k3q9zx0v7b2n8m5c1a6s4d-fghjklwertyu",
        },
        capture_output=True,
        check=False,
        text=True,
    )
    said = {one["check"]: one for one in json.loads(ended.stdout)}

    assert ended.returncode == 1
    assert said["database.reachable"]["level"] == "problem"
    assert said["valkey.reachable"]["where"] == "redis://127.0.0.1:1"
    assert said["backlog.figures"]["text"] == "Not checked, since the database does not answer."
    assert said["disk.free"]["level"] == "ok"
    assert "secret-word" not in ended.stdout + ended.stderr


def test_every_check_says_something_of_a_healthy_database() -> None:
    assert {one.check for one in examine.examine()} == set(CHECKS)


@pytest.mark.parametrize(("name", "status"), [("superuser", 200), ("staff", 403)])
def test_administrators_see_the_same_on_a_page(client: Client, name: str, status: int) -> None:
    client.force_login(account("Ada", is_staff=True, is_superuser=name == "superuser"))
    answer = client.get("/admin/system/")

    assert answer.status_code == status
    assert ("No worker has reported" in answer.content.decode()) is (status == 200)
