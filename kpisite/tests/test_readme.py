"""Whoever types the commands of the README gets from the demonstration to figures of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.people import account
from curriculum.models import Course, Learner
from demo.status import SENDER
from intake.events.senders import Sender
from intake.models import Receipt
from intake.receiving.receive import receive

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

MANAGE = Path(settings.BASE_DIR) / "manage.py"
NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
SECTIONS = ("Send your first events", "Replace the demonstration with your own data")
# nobody is at a terminal
UNATTENDED = {"--superuser": "--superuser --generate", "remove_demo": "remove_demo --no-input"}


def commands() -> list[str]:
    text = (Path(settings.BASE_DIR) / "README.md").read_text()
    sections = [text.split(f"## {name}\n")[1].split("\n## ")[0] for name in SECTIONS]
    return re.findall(r"```sh\n(.*?)```", "".join(sections), re.DOTALL)


def test_the_readme_leads_from_the_demonstration_to_own_figures(
    live_server: LiveServer, tmp_path: Path
) -> None:
    finn = {"id": "1", "kind": "enrollment.started", "learner": "finn", "course": "data-analysis"}
    finn |= {"run": "first", "occurred_at": "2026-03-05T00:00:00Z"}
    receive([finn], Sender(SENDER.name, creates_unknown=True), now=NOW)
    account("Staff", is_staff=True, is_superuser=True)

    shown = typed(commands(), live_server.url, tmp_path)

    assert '"status":"accepted"' in shown
    assert '"key": "statistics"' in shown
    assert [one.key for one in Course.objects.all()] == ["statistics"]
    assert {one.key for one in Learner.objects.all()} == {"ada", "bo"}
    assert [one.email for one in User.objects.all()] == ["you@example.org"]
    assert not Receipt.objects.filter(sender=SENDER.name).exists()


def typed(blocks: list[str], address: str, folder: Path) -> str:
    """Run commands in one shell, on the database of this test; return what they print."""
    (folder / "kpi.sqlite3").symlink_to(connection.settings_dict["NAME"])
    script = "\n".join(blocks).replace("http://localhost:5000", address)
    for words, otherwise in UNATTENDED.items():
        script = script.replace(words, otherwise)
    script = script.replace(".venv/bin/python manage.py", f"'{sys.executable}' '{MANAGE}'")
    environment = {"PATH": os.environ["PATH"], "KPI_DATA_DIR": str(folder)}
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment | {"SECRET_KEY": settings.SECRET_KEY},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
