from __future__ import annotations

import logging
import sys

import pytest

from kpisite.config.logs import KeyValueFormatter

pytestmark = pytest.mark.once


def line(message: str, *, failed: bool = False) -> str:
    error = sys.exc_info() if failed else None
    record = logging.LogRecord("kpis", logging.INFO, "recompute.py", 1, message, (), error)
    record.created = 0.0
    return KeyValueFormatter().format(record)


def test_a_record_is_one_line_of_key_value_pairs() -> None:
    assert line("4 cells") == (
        'time=1970-01-01T00:00:00.000+00:00 level=info logger=kpis message="4 cells"'
    )


def test_a_line_break_cannot_forge_a_second_record() -> None:
    assert "\n" not in line("Ada\nlevel=error logger=forged")


def test_a_traceback_stays_on_the_line() -> None:
    try:
        raise ValueError("no such parameter")
    except ValueError:
        written = line("change", failed=True)

    assert "no such parameter" in written
    assert "\n" not in written
