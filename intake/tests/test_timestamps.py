"""Times as tools write them, in the languages of their users."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from intake.csv.timestamps import moment_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7. September 2026, 21:40:58", "2026-09-07T21:40:58+02:00"),
        ("Montag", None),
        ("7 sept. 26, 21:40", "2026-09-07T21:40:00+02:00"),
        ("7 août 2026", "2026-08-07T00:00:00+02:00"),
        ("7 de septiembre de 2026, 21:40", "2026-09-07T21:40:00+02:00"),
        ("7 de set. de 2026 às 21:40", "2026-09-07T21:40:00+02:00"),
        ("7 mrt 26, 21:40", "2026-03-07T21:40:00+01:00"),
        ("7 сентября 2026, 21:40", "2026-09-07T21:40:00+02:00"),
        ("2026年 9月 7日 21:40", "2026-09-07T21:40:00+02:00"),
        ("Monday, 7 September 2026, 9:40 PM", "2026-09-07T21:40:00+02:00"),
        ("7 September 2026  9:40 PM", "2026-09-07T21:40:00+02:00"),
        ("2026/09/07 12:05:09 AM GMT-3", "2026-09-07T00:05:09-03:00"),
        ("2026/02/10 3:13:47 PM EST", "2026-02-10T15:13:47-05:00"),
        ("2026/09/07 9:03:01 p. m.", "2026-09-07T21:03:01+02:00"),
    ],
)
def test_times_are_read_in_the_language_of_the_file(text: str, moment: str | None) -> None:
    found = moment_of(text, BERLIN)

    assert (found.isoformat() if found else None) == moment


@pytest.mark.parametrize(
    "text", ["7 Sep, 21:40", "7 jui 2026", "32 September 2026", "8:15", "2026"]
)
def test_what_is_incomplete_or_has_two_meanings_is_no_time(text: str) -> None:
    # “jui” begins both the French June and July
    assert moment_of(text, BERLIN) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("46272", "2026-09-07T00:00:00+02:00"),
        ("46272.9034490741", "2026-09-07T21:40:58+02:00"),
    ],
)
def test_numbers_are_days_as_spreadsheets_count_them(text: str, moment: str) -> None:
    found = moment_of(text, BERLIN)

    assert found is not None
    assert found.isoformat() == moment
