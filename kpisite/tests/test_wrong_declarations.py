"""A wrong declaration stops the start, with a sentence that says what would be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Count, QuerySet, Sum

from business.models import Payment, RememberedCode
from curriculum.models import Enrollment, EnrollmentStatusChange, PlannedModule, Skill
from engagement.models import QuizAttempt, VideoProgress
from engagement.parameter_definitions import VIDEO_WEIGHT
from kpis.definitions.facts import Cut, Ratio
from kpis.definitions.registry import REGISTRY, check_declarations, composite, kpi
from kpis.definitions.units import PERCENT
from presentation.categories import check_keys

KEY = "business.test"


@pytest.fixture(autouse=True)
def _registry_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Any:
    before = dict(REGISTRY)
    yield
    for key in set(REGISTRY) - set(before):
        del REGISTRY[key]


def one(rows: QuerySet[Any]) -> Ratio:
    return Ratio(total=Count("pk"), weight=Count("pk"))


def three(rows: QuerySet[Any], cut: Cut, third: int) -> Ratio:
    return one(rows)


def nothing(rows: QuerySet[Any]) -> None:
    return None


def unknown_field(rows: QuerySet[Any]) -> Ratio:
    return Ratio(total=Sum("minutes"), weight=Count("pk"))


def unknown_filter(rows: QuerySet[Any]) -> Ratio:
    return Ratio(rows=rows.filter(colour="red"), total=Count("pk"), weight=Count("pk"))


def declare(function: Callable[..., Any] = one, key: str = KEY, **options: Any) -> None:
    kpi(key, "Test", unit=PERCENT, **options)(function)
    check_declarations()
    check_keys(REGISTRY)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"facts": Skill, "at": "started_at"}, "Skill has no date"),
        ({"facts": Enrollment}, "`at` should name the date"),
        ({"facts": Enrollment, "at": "began_at"}, "has no date “began_at” for `at`; it has"),
        ({"facts": Enrollment, "at": "learner"}, "has no date “learner”"),
        ({"facts": Enrollment, "at": "started_at", "until": "run"}, "“run” for `until`; it has"),
        ({"facts": QuizAttempt, "at": "enrollment__due_at"}, "no handler notes when"),
        ({"facts": EnrollmentStatusChange, "at": "at"}, "no handler notes when"),
        ({"facts": Enrollment, "at": "due_at", "reads": {Skill: "modules"}}, "`reads`: “modules”"),
        (
            {"facts": Enrollment, "at": "due_at", "reads": {RememberedCode: lambda rows: rows}},
            "no handler notes when RememberedCode changes",
        ),
        ({"facts": Payment, "at": "booked_at"}, "`person` should name the lookup path"),
        ({"facts": Payment, "at": "booked_at", "person": "customer"}, "from Payment to Learner"),
        ({"facts": Payment, "at": "booked_at", "people": "amount"}, "leads to no row of a person"),
        (
            {"facts": Payment, "at": "booked_at", "person": "customer__learner", "run": "course"},
            "`run` should be a lookup path from Payment to CourseRun",
        ),
        (
            {"facts": VideoProgress, "at": "started_at", "module": "video__course"},
            "from VideoProgress to Module; “video__course” is none",
        ),
        (
            {"facts": RememberedCode, "at": "remembered_at", "person": "learner"},
            "`course` should name the lookup path",
        ),
        (
            {"facts": PlannedModule, "at": "due_at", "enrollment": "module"},
            "`enrollment` should be a lookup path",
        ),
        ({"facts": Enrollment, "at": "due_at", "key": "revenue"}, "its category, a dot and a name"),
        ({"facts": Enrollment, "at": "due_at", "key": "sales.x"}, "should begin with a category"),
        (
            {"facts": Enrollment, "at": "due_at", "key": "business.revenue"},
            "KPI business.revenue is registered twice",
        ),
        ({"facts": Enrollment, "at": "due_at", "function": three}, "should take the rows or"),
        ({"facts": Enrollment, "at": "due_at", "function": nothing}, "should return a Ratio"),
        ({"facts": Enrollment, "at": "due_at", "function": unknown_field}, "minutes"),
        ({"facts": Enrollment, "at": "due_at", "function": unknown_filter}, "colour"),
    ],
)
def test_a_wrong_declaration_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        declare(**options)

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"business.nothing": VIDEO_WEIGHT}, "business.nothing should be the key of a KPI"),
        ({"engagement.video-watch": "no.weight"}, "no.weight should be the key of a parameter"),
        (
            {"engagement.video-watch": VIDEO_WEIGHT, "business.retention": VIDEO_WEIGHT},
            "is_additive should be False, because business.retention is not",
        ),
    ],
)
def test_a_wrong_composite_is_refused(parts: dict[str, str], sentence: str) -> None:
    composite(KEY, "Test", unit=PERCENT)(lambda: parts)

    with pytest.raises(ValueError, match=r"\w") as refused:
        check_declarations()
    assert sentence in str(refused.value)


def test_courses_do_not_add_up_where_a_row_may_have_none() -> None:
    declare(facts=Payment, at="booked_at", person="customer__learner", people="customer")
    assert not REGISTRY[KEY].is_additive


def test_courses_add_up_where_every_row_has_one() -> None:
    declare(facts=Enrollment, at="due_at")
    assert REGISTRY[KEY].is_additive
