"""Times and numbers as tools write them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from intake.csv.numbers import number_of, possible_marks
from intake.csv.timestamps import moment_of, needs_order, possible_orders

pytestmark = pytest.mark.once
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("2026-03-31", "", "2026-03-31T00:00:00+02:00"),
        ("2026-03-31 9:30", "", "2026-03-31T09:30:00+02:00"),
        ("2026-03-31T09:30:00Z", "", "2026-03-31T09:30:00+00:00"),
        ("2026-03-31T09:30:00.250+05:30", "", "2026-03-31T09:30:00.250000+05:30"),
        ("2026-03-31 09:30:00 UTC", "", "2026-03-31T09:30:00+00:00"),
        ("2026/03/31 2:05:09 PM GMT-4", "", "2026-03-31T14:05:09-04:00"),
        ("7/09/26, 21:40:58", "dmy", "2026-09-07T21:40:58+02:00"),
        ("7/09/26, 21:40:58", "mdy", "2026-07-09T21:40:58+02:00"),
        ("07.09.2026", "dmy", "2026-09-07T00:00:00+02:00"),
        ("09/13/2026 12:05:00 AM", "mdy", "2026-09-13T00:05:00+02:00"),
        ("Tuesday, 7 September 2026, 9:40 PM", "", "2026-09-07T21:40:00+02:00"),
        ("Sep 7, 2026 at 9:40 pm", "", "2026-09-07T21:40:00+02:00"),
        ("1788817258", "", "2026-09-07T21:40:58+00:00"),
    ],
)
def test_times_are_read(text: str, order: str, moment: str) -> None:
    found = moment_of(text, BERLIN, order)

    assert found
    assert found.isoformat() == moment


@pytest.mark.parametrize(
    "text", ["7/09/26", "2026-02-30", "31/12", "13:70", "Smarch 7, 2026", "2026-03-31 13:00 PM", ""]
)
def test_what_is_no_time_or_needs_an_order_is_not_guessed(text: str) -> None:
    assert moment_of(text, BERLIN) is None


def test_a_date_may_rule_out_an_order() -> None:
    assert needs_order("31/12/26")
    assert not needs_order("2026-12-31")
    assert possible_orders("31/12/26") == {"dmy"}
    assert possible_orders("7/09/26") == {"dmy", "mdy"}


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("12.50", "12.50", None),
        ("12,50", None, "12.50"),
        ("1.250", "1.250", "1250"),
        ("1,250.00", "1250.00", None),
        ("1.250,00 €", None, "1250.00"),
        ("€ 1 250,5", None, "1250.5"),
        ("80.00 %", "80.00", None),
        ("-5", "-5", "-5"),
        ("1,2,3", None, None),
        ("12,345,67", None, None),
        ("five", None, None),
        ("1e3", None, None),
    ],
)
def test_numbers_are_read_with_their_mark(text: str, point: str | None, comma: str | None) -> None:
    assert (number_of(text, "point"), number_of(text, "comma")) == (point, comma)
    assert possible_marks(text) == {
        mark for mark, read in (("point", point), ("comma", comma)) if read
    }
