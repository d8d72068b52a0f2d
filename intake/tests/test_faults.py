"""What is said when the database gives up."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.db import InterfaceError, OperationalError

from intake import api
from intake.faults import Fault, fault_of
from intake.tests.door import Lms, event


def of_postgresql(text: str, state: str) -> OperationalError:
    class CauseError(Exception):
        sqlstate = state

    error = OperationalError(text)
    error.__cause__ = CauseError(text)
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OperationalError("database is locked"), Fault.BUSY),
        (of_postgresql("deadlock detected", "40P01"), Fault.BUSY),
        (OperationalError("database or disk is full"), Fault.FULL),
        (of_postgresql("could not extend file: No space left on device", "53100"), Fault.FULL),
        (OperationalError("disk I/O error"), Fault.BROKEN),
        (of_postgresql("terminating connection due to administrator command", "57P01"), Fault.AWAY),
        (OperationalError("server closed the connection unexpectedly"), Fault.AWAY),
        (OperationalError("consuming input failed: connection refused"), Fault.AWAY),
        (InterfaceError("the connection is closed"), Fault.AWAY),
    ],
)
def test_a_fault_is_told_from_the_error(error: Any, fault: Fault) -> None:
    assert fault_of(error) is fault


@pytest.mark.django_db
def test_a_full_disk_is_not_called_busy() -> None:
    with patch.object(api, "receive", side_effect=OperationalError("database or disk is full")):
        answer = Lms().post(event())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "disk of the database is full; free some space" in answer.json()["detail"]
