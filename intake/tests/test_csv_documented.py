"""The examples of docs/csv.md are imported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandParser

from intake.management.commands.import_csv import Command
from intake.models import Event
from intake.tests.csv_files import imported, written
from intake.tests.lms import school

pytestmark = pytest.mark.django_db
TEXT = (Path(settings.BASE_DIR) / "docs" / "csv.md").read_text()


def test_every_example_is_accepted(tmp_path: Path) -> None:
    school()
    examples = re.findall(r"```csv (\S+)\n(.*?)```", TEXT, re.DOTALL)
    for kind, text in examples:
        path = written(tmp_path, text, end="", name=f"{kind}.csv")
        assert ", 0 rejected." in imported(path, kind, sender="lms")

    payments = Event.objects.filter(kind="payment.received").order_by("key")
    answer = Event.objects.get(kind="survey.answered")
    assert [event.data["amount"] for event in payments] == ["250.00", "1200.50"]
    assert payments[1].data["customer"]["name"] == "Acme; Sons"
    assert answer.data["career"] == ["placement", "project"]
    assert answer.data["comment"] == "I got the job.\nThank you!"
    assert (answer.data["csat"], answer.data["may_quote"]) == (5, True)


def test_every_option_is_documented() -> None:
    parser: CommandParser = Command().create_parser("manage.py", "import_csv")
    theirs = set(CommandParser()._option_string_actions) | BUILT_IN
    ours = {one for one in parser._option_string_actions if one not in theirs}

    assert ours == set(re.findall(r"^\| `(--[a-z-]+)", TEXT, re.MULTILINE))


BUILT_IN = {
    "--version", "-v", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
    "--force-color", "--skip-checks",
}  # fmt: skip
