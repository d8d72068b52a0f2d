"""Undoing an import of wrong payments corrects the revenue."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from business.models import Payment
from intake.models import ImportRun
from intake.tests.csv_files import imported, written
from intake.tests.lms import school

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


PAYMENTS = "id,occurred_at,learner,amount,currency"


def payments(folder: Path, *amounts: str, name: str) -> Path:
    rows = (f"p{at},2026-01-06T09:00:00Z,ada,{one},USD" for at, one in enumerate(amounts))
    return written(folder, PAYMENTS, *rows, name=name)


def revenue() -> int:
    return sum(Payment.objects.values_list("amount", flat=True))


def test_an_undone_import_can_be_replaced_by_a_corrected_file(tmp_path: Path) -> None:
    imported(payments(tmp_path, "100.00", "900.00", name="wrong.csv"), "payment.received")
    assert revenue() == 1_000_00
    call_command("undo_import", str(ImportRun.objects.get().pk), verbosity=0)
    assert revenue() == 0
    imported(payments(tmp_path, "100.00", "90.00", name="right.csv"), "payment.received")

    # 100.00 + 90.00
    assert revenue() == 190_00
    assert sorted(ImportRun.objects.values_list("status", flat=True)) == ["done", "undone"]


def test_an_undone_file_can_be_imported_again(tmp_path: Path) -> None:
    path = payments(tmp_path, "100.00", name="p.csv")
    imported(path, "payment.received")
    call_command("undo_import", str(ImportRun.objects.get().pk), verbosity=0)
    imported(path, "payment.received")

    assert (revenue(), ImportRun.objects.get().status) == (100_00, "done")
