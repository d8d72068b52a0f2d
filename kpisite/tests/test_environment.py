from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.once

MANAGE = [sys.executable, "manage.py", "check"]
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "python:kpisite.gunicorn", "kpisite.wsgi"]
CELERY = [sys.executable, "-m", "celery", "-A", "kpisite", "worker"]
SUPERVISOR = [sys.executable, "-m", "kpisite.launcher.start_product"]


def start(command: list[str], folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**clean, "KPI_DATA_DIR": str(folder), **given}
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read_setting(folder: Path, names: str, **given: str) -> str:
    """Return settings of a site as text; what only reads them need not load the apps."""
    program = f"from django.conf import settings; print({names})"
    django = {"DJANGO_SETTINGS_MODULE": "kpisite.settings"}
    return start([sys.executable, "-c", program], folder, **django, **given).stdout.strip()


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("PORT", "http", "a whole number from 1 to 65535"),
        ("PORT", "70000", "a whole number from 1 to 65535"),
        ("KPI_MIN_GROUP", "-1", "a whole number from 1 to 1000"),
        ("KPI_MIN_GROUP", "1e1", "a whole number from 1 to 1000"),
        ("KPI_TIME_ZONE", "Europe/Bielefeld-Mitte", "the name of an IANA time zone"),
        ("KPI_TIME_ZONE", "../etc/passwd", "the name of an IANA time zone"),
        ("DEBUG", "perhaps", "yes or no"),
        ("KPI_LANGUAGE", "fr", "one of en, de"),
        ("LOG_LEVEL", "loud", "one of DEBUG, INFO"),
        ("HSTS", "yes", "one of HOST, SUBDOMAINS, PRELOAD"),
        ("KPI_SIGN_IN_TRIES", "0", "a whole number from 3 to 100"),
        ("ALLOWED_HOSTS", "https://kpi.example", "a comma-separated list of host names"),
        ("CSRF_TRUSTED_ORIGINS", "kpi.example", "a comma-separated list of origins"),
        ("EMAIL_FROM", "Academy", "an address, such as"),
        ("KPI_BASE_URL", "kpi.example", "an address such as https://"),
        (
            "KPI_WEBHOOK_ALLOWED",
            "10.0.0.1/8",
            "a comma-separated list of host names, addresses",
        ),
        ("KPI_DATA_DIR", "/dev/null/var", "a folder that can be created and written"),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_sentence(
    tmp_path: Path, name: str, value: str, wanted: str
) -> None:
    outcome = start(MANAGE, tmp_path, **{name: value})

    assert outcome.returncode == 2
    assert outcome.stderr.startswith(f"The setting {name}={value!r} is wrong: it must be {wanted}")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://ada:hidden@db/kpi"),
        ("DATABASE_URL", "postgres://ada:hidden@db:port/kpi"),
        ("DATABASE_URL", "postgres://ada:hidden@db"),
        ("REDIS_URL", "http://:hidden@broker"),
        ("SECRET_KEY", "hidden"),
        ("SECRET_KEY_FALLBACKS", f"{'x' * 32},hidden"),
        ("EMAIL_URL", "http://ada:hidden@mail"),
        ("EMAIL_URL", "smtp://ada:hidden@mail:port"),
    ],
)
def test_the_message_about_a_wrong_value_hides_passwords(
    tmp_path: Path, name: str, value: str
) -> None:
    outcome = start(MANAGE, tmp_path, **{name: value})

    assert outcome.returncode == 2
    assert outcome.stderr.startswith(f"The setting {name}=(not shown) is wrong: it must be ")
    assert "hidden" not in outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [GUNICORN, CELERY, SUPERVISOR])
def test_every_program_reports_a_wrong_value_alike(tmp_path: Path, command: list[str]) -> None:
    outcome = start(command, tmp_path, KPI_STALE_DAYS="often")

    assert outcome.returncode == 2
    assert outcome.stderr == (
        "The setting KPI_STALE_DAYS='often' is wrong: it must be a whole number from 1 to 3650.\n"
    )


def test_a_configured_database_requires_a_secret_key(tmp_path: Path) -> None:
    outcome = start(MANAGE, tmp_path, DATABASE_URL="postgres://ada@db/kpi")

    assert outcome.returncode == 2
    assert outcome.stderr.startswith("The setting SECRET_KEY=(not shown) is wrong")


def test_the_embedded_secret_key_is_created_once_for_its_owner_only(tmp_path: Path) -> None:
    start(MANAGE, tmp_path)
    first = (tmp_path / "secret-key").read_text()
    start(MANAGE, tmp_path)

    assert len(first) == 50
    assert (tmp_path / "secret-key").read_text() == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
