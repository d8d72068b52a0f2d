from __future__ import annotations

from datetime import date
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from curriculum.models import Course
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import COUNT, PERCENT, POINTS
from kpis.models import Target
from kpis.query import targets
from kpis.query.targets import TargetHistory, in_force, set_target

pytestmark = pytest.mark.django_db

KPI = "test.share"


@pytest.fixture(autouse=True)
def _three_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, unit, target in (
        (KPI, PERCENT, Decimal(85)),
        ("test.score", POINTS, None),
        ("test.people", COUNT, None),
    ):
        one = Indicator(key=key, title=key.title(), unit=unit, help="", target=target)
        monkeypatch.setitem(REGISTRY, key, one)


@pytest.fixture
def python() -> Course:
    return Course.objects.create(key="py", title="Python")


def declared() -> Target:
    targets.create_missing()
    return Target.objects.get(kpi=KPI)


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_a_declared_target_becomes_the_first_version_from_the_beginning() -> None:
    target = declared()

    assert (target.version, target.value, target.valid_from) == (1, Decimal(85), None)


def test_creating_missing_targets_twice_changes_nothing() -> None:
    declared()
    targets.create_missing()

    assert Target.objects.filter(kpi=KPI).count() == 1


def test_a_kpi_without_a_declared_target_gets_none() -> None:
    declared()

    assert in_force("test.score", None, day("2026-11-22")) is None


def test_a_new_version_keeps_the_old_one() -> None:
    declared()
    ada = User.objects.create_user("ada@example.com")
    new = set_target(KPI, Decimal(90), valid_from=day("2026-07-01"), by=ada, note="Raised.")

    assert (new.version, new.set_by, new.note) == (2, ada, "Raised.")
    assert list(Target.objects.filter(kpi=KPI).values_list("value", flat=True)) == [90, 85]


def test_a_version_is_in_force_from_its_first_day() -> None:
    old = declared()
    new = set_target(KPI, Decimal(90), valid_from=day("2026-07-01"))

    assert in_force(KPI, None, day("2026-06-30")) == old
    assert in_force(KPI, None, day("2026-07-01")) == new


def test_without_a_start_a_version_is_in_force_from_today() -> None:
    with patch("kpis.query.targets.today", return_value=day("2026-11-22")):
        assert set_target(KPI, Decimal(90)).valid_from == day("2026-11-22")


def test_of_two_versions_with_the_same_start_the_later_counts() -> None:
    set_target(KPI, Decimal(90), valid_from=day("2026-07-01"))
    corrected = set_target(KPI, Decimal(88), valid_from=day("2026-07-01"))

    assert in_force(KPI, None, day("2026-08-01")) == corrected


def test_a_backdated_version_is_in_force_until_the_next_start() -> None:
    july = set_target(KPI, Decimal(90), valid_from=day("2026-07-01"))
    march = set_target(KPI, Decimal(70), valid_from=day("2026-03-01"))

    assert in_force(KPI, None, day("2026-06-30")) == march
    assert in_force(KPI, None, day("2026-07-01")) == july


def test_a_course_s_own_target_takes_precedence(python: Course) -> None:
    general = declared()
    own = set_target(KPI, Decimal(60), course=python, valid_from=day("2026-07-01"))

    assert in_force(KPI, python, day("2026-07-01")) == own
    assert in_force(KPI, None, day("2026-07-01")) == general


def test_before_its_own_target_a_course_has_the_general_one(python: Course) -> None:
    general = declared()
    set_target(KPI, Decimal(60), course=python, valid_from=day("2026-07-01"))

    assert in_force(KPI, python, day("2026-06-30")) == general


def test_versions_are_counted_for_each_course(python: Course) -> None:
    declared()

    assert set_target(KPI, Decimal(60), course=python).version == 1


def test_a_history_answers_for_many_days_with_one_query(
    python: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    declared()
    with django_assert_num_queries(1):
        book = TargetHistory.load([KPI])
        found = [book.in_force(KPI, python.pk, day(f"2026-{month:02}-28")) for month in (1, 2, 3)]

    assert [one and one.value for one in found] == [85, 85, 85]


@pytest.mark.parametrize(
    ("kpi", "value"),
    [(KPI, "100.5"), (KPI, "-1"), ("test.score", "-101"), ("test.people", "-1")],
)
def test_a_value_outside_the_range_of_the_unit_is_rejected(kpi: str, value: str) -> None:
    with pytest.raises(ValidationError, match="must be"):
        set_target(kpi, Decimal(value))


@pytest.mark.parametrize(
    ("kpi", "value"),
    [(KPI, "0"), (KPI, "100"), ("test.score", "-100"), ("test.people", "195")],
)
def test_a_value_at_the_limit_of_the_unit_is_accepted(kpi: str, value: str) -> None:
    assert set_target(kpi, Decimal(value)).value == Decimal(value)


def test_an_unknown_kpi_is_rejected() -> None:
    with pytest.raises(ValidationError, match=r"Unknown KPI “test\.nothing"):
        set_target("test.nothing", Decimal(1))


@pytest.mark.parametrize(
    ("valid_from", "months"),
    [
        # November is open on the 22nd; the target on the last day of a month applies to it
        ("2026-11-22", []),
        ("2026-11-01", []),
        ("2026-10-31", ["2026-10"]),
        ("2026-09-15", ["2026-09", "2026-10"]),
        ("2026-12-01", []),
    ],
)
def test_a_backdated_start_applies_to_the_months_since(valid_from: str, months: list[str]) -> None:
    with patch("kpis.query.targets.today", return_value=day("2026-11-22")):
        target = set_target(KPI, Decimal(80), valid_from=day(valid_from))

        assert [month.label for month in targets.past_months(target)] == months


def test_a_backdated_start_applies_to_no_month_of_a_later_version() -> None:
    with patch("kpis.query.targets.today", return_value=day("2026-11-22")):
        set_target(KPI, Decimal(90), valid_from=day("2026-08-15"))
        target = set_target(KPI, Decimal(80), valid_from=day("2026-06-01"))

        assert [month.label for month in targets.past_months(target)] == ["2026-06", "2026-07"]
