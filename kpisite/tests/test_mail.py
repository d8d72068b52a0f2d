from __future__ import annotations

from pathlib import Path

import pytest
from django.core.mail import get_connection, send_mail
from django.test import override_settings

from accounts.sign_in import password_links
from kpisite.celery import app
from kpisite.config import mail

pytestmark = pytest.mark.once


def test_e_mails_are_stored_in_the_configured_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EMAIL_URL", f"filemail://{tmp_path}/mails")
    given = mail.transport()
    with override_settings(**given):
        send_mail(
            "Hello", "Ada", "kpi@example.org", ["ada@example.org"],
            connection=get_connection(given["EMAIL_BACKEND"]),
        )  # fmt: skip

    (stored,) = (tmp_path / "mails").iterdir()
    assert "To: ada@example.org" in stored.read_text()


def test_the_address_of_a_mail_server_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://ada:secret@mail.example.org:587")
    given = mail.transport()

    assert (given["EMAIL_HOST"], given["EMAIL_PORT"]) == ("mail.example.org", 587)
    assert (given["EMAIL_HOST_USER"], given["EMAIL_HOST_PASSWORD"]) == ("ada", "secret")
    assert given["EMAIL_USE_TLS"]


def test_the_worker_knows_the_task_that_sends_password_links() -> None:
    app.loader.import_default_modules()

    assert password_links.TASK in app.tasks


def test_without_a_mail_server_the_beginning_and_the_links_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EMAIL_URL", raising=False)
    lines = [f"Line {number}" for number in range(20)]
    with override_settings(**mail.transport()):
        send_mail(
            "Hello", "\n\n".join([*lines, "https://kpi.example.org/alerts"]), None,
            ["ada@example.org"], html_message="<p>Hello</p>",
            connection=get_connection(mail.transport()["EMAIL_BACKEND"]),
        )  # fmt: skip

    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["E-mail to ada@example.org: Hello", "  Line 0"]
    assert said[-2:] == ["  Line 7", "  https://kpi.example.org/alerts"]
