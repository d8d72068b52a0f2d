"""`manage.py recompute`: compare and correct figures by KPI and by days."""

from __future__ import annotations

from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from engagement.models import DailyActivity
from engagement.tests.school import did, enrolled, school
from intake.purging import purge_events
from kpis.models import Measurement, ReportingZone
from kpisite import time_zone

pytestmark = pytest.mark.django_db

ENROLLMENT = "business.enrollment"


@pytest.fixture(autouse=True)
def _enrolled() -> None:
    """Enroll three learners in the first hours of March (UTC), and two on March 5."""
    school()
    enrolled("ada", "bo", "cleo", at="2026-03-01T03:00:00Z")
    enrolled("dan", "eve", at="2026-03-05T12:00:00Z")
    did("ada", "note.written", "2026-03-02T03:00:00Z")
    recompute()


def recompute(*args: str) -> str:
    out = StringIO()
    call_command("recompute", *args, stdout=out, verbosity=0)
    return out.getvalue()


def stored(kpi: str = ENROLLMENT, scope: str = "site") -> dict[str, float]:
    rows = Measurement.objects.filter(kpi=kpi, scope=scope, period_kind="month", n__gt=0)
    return {f"{row.period_start:%B}": row.total for row in rows}


def test_correct_figures_stay_as_they_are() -> None:
    assert recompute("--check") == "Every stored figure matches its facts.\n"
    assert recompute() == "0 figures differed and were corrected.\n"


def test_a_wrong_figure_fails_the_check_and_is_corrected() -> None:
    Measurement.objects.filter(kpi=ENROLLMENT, scope="site", period_kind="month").update(total=9)
    with pytest.raises(CommandError, match="1 figure differs from the facts") as error:
        recompute("--check")

    assert error.value.returncode == 1
    assert stored() == {"March": 9}
    assert recompute("--kpi", ENROLLMENT) == "1 figure differed and was corrected.\n"
    assert stored() == {"March": 5}


def test_an_interrupted_run_continues_unless_it_is_to_start_anew() -> None:
    killed = patch("kpis.recompute.shared_recompute.run_jobs", side_effect=KeyboardInterrupt)
    for options in ((), ("--anew",)):
        with killed, pytest.raises(KeyboardInterrupt):
            recompute("--anew")

        is_continued = recompute(*options).startswith("Continuing an interrupted run")
        assert is_continued == (not options)


def test_other_kpis_and_other_days_are_left_alone() -> None:
    Measurement.objects.filter(kpi=ENROLLMENT, scope="site", period_kind="month").update(total=9)
    recompute("--kpi", "business.referral")
    recompute("--to", "2026-02-28")

    assert stored() == {"March": 9}


def test_a_combined_kpi_stands_for_its_components() -> None:
    Measurement.objects.filter(kpi="engagement.interaction-rate").update(total=9)

    assert "0 figures" not in recompute("--kpi", "engagement.depth")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--kpi", "engagement.deepth"), "Unknown KPI engagement.deepth. Known KPIs: business."),
        (("--from", "March"), "March is not a date; use the form 2026-03-01."),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "--from 2026-03-02 is after --to"),
    ],
)
def test_wrong_arguments_are_explained(args: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        recompute(*args)


def test_another_time_zone_converts_days_and_figures(settings: Any) -> None:
    settings.KPI_TIME_ZONE = "America/New_York"
    recompute()

    assert stored() == {"February": 3, "March": 2}
    assert [str(one.day) for one in DailyActivity.objects.all()] == ["2026-03-01"]
    assert ReportingZone.objects.get().name == "America/New_York"
    assert recompute("--check") == "Every stored figure matches its facts.\n"


def test_figures_of_another_time_zone_are_not_compared(settings: Any) -> None:
    settings.KPI_TIME_ZONE = "America/New_York"

    with pytest.raises(CommandError, match="America/New_York, but days and figures are stored in"):
        recompute("--check")


def test_an_interrupted_conversion_starts_over(settings: Any) -> None:
    settings.KPI_TIME_ZONE = "America/New_York"
    killed = patch("kpis.recompute.from_scratch.run_jobs", side_effect=KeyboardInterrupt)
    with killed, pytest.raises(KeyboardInterrupt):
        time_zone.convert()

    with pytest.raises(time_zone.ZoneChangedError):
        time_zone.check()
    assert time_zone.convert()
    assert stored() == {"February": 3, "March": 2}


def test_the_same_time_zone_converts_nothing() -> None:
    assert not time_zone.convert()


def test_days_of_purged_events_stay_in_the_former_zone(settings: Any) -> None:
    purge_events(timezone.now())
    settings.KPI_TIME_ZONE = "America/New_York"
    out = StringIO()
    call_command("follow_time_zone", stdout=out, verbosity=0)

    converted, left = out.getvalue().splitlines()
    assert converted == "Converted from UTC to America/New_York."
    assert left.endswith("purged: enrollments in py: 5. Their days are still those of UTC.")
    assert [str(one.day) for one in DailyActivity.objects.all()] == ["2026-03-02"]
    assert recompute("--check") == "Every stored figure matches its facts.\n"
