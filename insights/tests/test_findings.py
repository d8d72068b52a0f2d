from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.api_keys import create_api_key
from curriculum.models import Course
from insights.sentences import share_sentence
from kpis.query import targets
from kpis.tests.kernel import run_of, starts
from kpis.tests.measured import COMPLETION, NOW, course, fed, manager, measured, staff
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

URL = "/api/kpi/findings"
VELOCITY = "engagement.progress-velocity"
Asks = Callable[..., list[dict[str, Any]]]


def asking(client: Client) -> Asks:
    def ask(query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.get(f"{URL}?{query}").json()["findings"]
        return found

    return ask


@pytest.fixture
def ada_asks() -> Asks:
    client = Client()
    client.force_login(staff())
    return asking(client)


@pytest.fixture
def python() -> Course:
    return course("py", "loops", "tests")


def sentences(found: list[dict[str, Any]], kind: str = "") -> list[str]:
    return [one["sentence"] for one in found if not kind or one["kind"] == kind]


def test_a_missed_target_is_reported_with_value_interval_and_target(ada_asks: Asks) -> None:
    measured(COMPLETION, "2026-06", total=60, n=100)

    # Wilson for 60 of 100: 0.5963 ± 0.0943
    assert sentences(ada_asks()) == [
        "Completion rate is 60.0% (50.2–69.1), 25.0 points below the target of 85%."
    ]


def test_an_exceeded_target_is_good(ada_asks: Asks) -> None:
    measured(COMPLETION, "2026-06", total=98, n=100)
    (found,) = ada_asks()

    assert (found["kind"], found["is_good"], found["difference"]) == ("exceeded", True, 13.0)


def test_a_difference_that_chance_explains_is_no_finding(ada_asks: Asks) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)

    assert ada_asks() == []


def test_few_observations_are_no_finding(ada_asks: Asks) -> None:
    measured(COMPLETION, "2026-06", total=0, n=9)

    assert ada_asks() == []


def test_an_open_month_is_not_examined(ada_asks: Asks) -> None:
    measured(COMPLETION, "2026-07", total=20, n=100)

    assert ada_asks() == []


def test_a_change_is_reported_with_its_interval(ada_asks: Asks) -> None:
    measured(COMPLETION, "2026-05", total=860, n=1000)
    measured(COMPLETION, "2026-06", total=740, n=1000)
    (found,) = sentences(ada_asks(), "moved")

    # Newcombe's method 10, of 0.74 (0.7119–0.7663) and 0.86 (0.8371–0.8801):
    # 0.12 − √(0.0263² + 0.0229²) and 0.12 + √(0.0281² + 0.0201²)
    assert found == (
        "Completion rate fell by 12.0 points (8.5–15.5) since May 2026, to 74.0%. "
        "That is 11.0 points below the target of 85%."
    )


def test_a_change_within_chance_is_no_finding(ada_asks: Asks) -> None:
    measured(COMPLETION, "2026-05", total=86, n=100)
    measured(COMPLETION, "2026-06", total=84, n=100)

    assert ada_asks() == []


def test_a_weak_module_is_reported_with_its_share_of_the_gap(
    ada_asks: Asks, python: Course
) -> None:
    loops, tests = python.modules.all()
    measured(VELOCITY, "2026-06", total=240, n=400, of=loops)
    measured(VELOCITY, "2026-06", total=320, n=400, of=tests)
    measured(VELOCITY, "2026-06", total=560, n=800, of=python)
    (weak,) = [one for one in ada_asks() if one["kind"] == "weak_module"]

    # 400 of 800 × (60 − 80) = −10 points: all of the course's 70 − 80
    assert weak["sentence"] == (
        "Progress velocity in “Loops” of “All about py” is 60.0% (55.1–64.7), "
        "20.0 points below the target of 80%. The module accounts for all of the course’s gap."
    )
    assert (weak["contribution"], weak["share_of_gap"]) == (-10, 1)
    assert weak["url"] == f"/kpi-dashboard/{VELOCITY}?course=py&module=loops"


def test_weak_modules_are_ranked_by_what_they_add_to_the_gap(
    ada_asks: Asks, python: Course
) -> None:
    loops, tests = python.modules.all()
    measured(VELOCITY, "2026-06", total=20, n=50, of=loops)
    measured(VELOCITY, "2026-06", total=600, n=950, of=tests)
    measured(VELOCITY, "2026-06", total=620, n=1000, of=python)
    weak = [one for one in ada_asks() if one["kind"] == "weak_module"]

    # 5% × −40 = −2 points, 95% × −16.842 = −16
    assert [(one["scope"]["key"], one["contribution"]) for one in weak] == [
        ("tests", -16),
        ("loops", -2),
    ]


def test_a_weak_module_of_a_course_that_meets_its_target_holds_it_back(
    ada_asks: Asks, python: Course
) -> None:
    loops, tests = python.modules.all()
    measured(VELOCITY, "2026-06", total=60, n=100, of=loops)
    measured(VELOCITY, "2026-06", total=380, n=400, of=tests)
    measured(VELOCITY, "2026-06", total=440, n=500, of=python)
    found = ada_asks()

    # 100 of 500 × −20 = −4; 400 of 500 × 15 = 12
    assert sentences(found, "weak_module")[0].endswith(
        "The module holds the course back by 4.0 points."
    )
    assert sentences(found, "strong_module")[0].endswith(
        "The module lifts the course by 12.0 points."
    )


def test_modules_are_compared_with_the_target_of_their_course(
    ada_asks: Asks, python: Course
) -> None:
    targets.set_target(VELOCITY, Decimal(60), course=python, valid_from=NOW.date().replace(month=1))
    measured(VELOCITY, "2026-06", total=240, n=400, of=python.modules.first())
    measured(VELOCITY, "2026-06", total=240, n=400, of=python)
    measured(VELOCITY, "2026-06", total=240, n=400)

    assert [one["scope"] for one in ada_asks()] == [None]


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, ""),
        (0.04, ""),
        (0.1, "about a tenth"),
        (0.33, "about a third"),
        (0.5, "about half"),
        (0.84, "about three quarters"),
        (0.9, "nearly all"),
        (1.2, "all"),
    ],
)
def test_a_share_of_a_gap_is_a_common_fraction(share: float | None, words: str) -> None:
    sentence = f"The module accounts for {words} of the course’s gap."

    assert share_sentence(share) == (sentence if words else "")


def test_stale_data_come_first(ada_asks: Asks, python: Course) -> None:
    fed(python, through=NOW - timedelta(days=9))
    measured(COMPLETION, "2026-06", total=60, n=100)

    assert sentences(ada_asks())[0] == (
        "Engagement & Learning has had no new data for 9 days (since 1 Jul 2026, 12:00), "
        "so its latest values are incomplete."
    )


def test_stale_data_of_a_course_count_only_while_somebody_is_learning(ada_asks: Asks) -> None:
    python, ended = run_of("now").course, run_of("then", course="sql").course
    fed(python, ended, through=NOW - timedelta(days=9))
    fed(course("go"))
    learning = starts("Bo", python.runs.get(), "2026-06-20")
    learning.due_at = NOW + timedelta(days=20)
    learning.save()

    assert [one["scope"]["key"] for one in ada_asks()] == ["py"]


def test_fresh_feeds_and_past_periods_are_no_finding(ada_asks: Asks, python: Course) -> None:
    fed(python, through=NOW - timedelta(days=9))
    assert ada_asks("from=2026-01-01&to=2026-06-30") == []

    python.datafreshness_set.update(data_through=NOW - timedelta(days=6))
    assert ada_asks() == []


def test_findings_are_filtered_by_category_course_and_period(
    ada_asks: Asks, python: Course
) -> None:
    measured(COMPLETION, "2026-06", total=60, n=100, of=python)
    measured(COMPLETION, "2026-05", total=70, n=100, of=python)

    assert ada_asks("category=business&course=py") == []
    assert [one["answer"]["value"] for one in ada_asks("course=py")] == [60]
    assert [one["answer"]["value"] for one in ada_asks("course=py&to=2026-05-31")] == [70]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("category=no", "category"),
        ("course=no", "course"),
        ("by=course", "by"),
        ("period=x", "period"),
    ],
)
def test_an_invalid_query_is_rejected_with_its_field(ada: Visitor, query: str, field: str) -> None:
    answer = ada.client.get(f"{URL}?{query}")

    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_an_unchanged_answer_is_not_sent_again() -> None:
    measured(COMPLETION, "2026-06", total=60, n=100)
    _, secret = create_api_key("BI", ["kpis:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    tag = client.get(URL)["ETag"]

    assert client.get(URL, headers={"If-None-Match": tag}).status_code == 304


def small_and_large(python: Course) -> None:
    """Store a module of nine learners, which hides the next larger one too."""
    loops, tests, types = python.modules.all()
    measured(VELOCITY, "2026-06", total=10, n=90, of=loops, learners=9)
    measured(VELOCITY, "2026-06", total=20, n=120, of=tests, learners=12)
    measured(VELOCITY, "2026-06", total=100, n=400, of=types, learners=40)
    measured(VELOCITY, "2026-06", total=130, n=610, of=python, learners=40)


def test_managers_get_no_findings_that_reveal_small_groups() -> None:
    python = course("py", "loops", "tests", "types")
    small_and_large(python)
    client = Client()
    client.force_login(manager(python))
    found = [one["scope"]["key"] for one in asking(client)() if one["kind"] == "weak_module"]

    assert found == ["types"]


def test_readers_with_access_to_small_groups_get_their_findings() -> None:
    python = course("py", "loops", "tests", "types")
    small_and_large(python)
    _, secret = create_api_key("Bo", ["kpis:small-groups", "kpis:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    found = {one["scope"]["key"] for one in asking(client)() if one["kind"] == "weak_module"}

    assert found == {"loops", "tests", "types"}


def test_managers_get_findings_of_granted_courses_only(python: Course) -> None:
    other = course("sql")
    for one in (python, other):
        measured(COMPLETION, "2026-06", total=60, n=100, of=one)
    client = Client()
    client.force_login(manager(python))

    assert [one["answer"]["n"] for one in asking(client)()] == [100]


def test_the_page_shows_findings_below_the_cards(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=60, n=100)
    text = ada.reads("/kpi-dashboard")

    assert "Key findings of June 2026" in text
    assert "Target missed Completion rate is 60.0% (50.2–69.1), 25.0 points below" in text
    assert text.index("Observations") < text.index("Key findings")


def test_the_page_states_that_nothing_stands_out(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=85, n=100)

    assert "Nothing stands out" in ada.reads("/kpi-dashboard")


def test_the_page_shows_six_findings_and_folds_the_others(ada: Visitor) -> None:
    for key in "abcdefg":
        measured(COMPLETION, "2026-06", total=60, n=100, of=course(key))
    text = ada.reads("/kpi-dashboard")
    shown, _, folded = ada.html.partition("<details>\n    <summary>1 more finding")

    assert "1 more finding Target missed" in text
    assert (shown.count("data-finding"), folded.count("data-finding")) == (6, 1)


def test_problems_come_before_successes(ada_asks: Asks, python: Course) -> None:
    sql, loops = course("sql"), python.modules.get(key="loops")
    measured(COMPLETION, "2026-06", total=99, n=100, of=python)
    measured(COMPLETION, "2026-06", total=60, n=100, of=sql)
    measured(VELOCITY, "2026-06", total=390, n=400, of=loops)
    measured(VELOCITY, "2026-06", total=390, n=400, of=python)
    measured(VELOCITY, "2026-06", total=390, n=400)

    assert [(one["kind"], (one["scope"] or {}).get("key")) for one in ada_asks()] == [
        ("missed", "sql"),
        ("exceeded", None),
        ("strong_module", "loops"),
        ("exceeded", "py"),
    ]


def test_the_page_links_to_the_same_findings(ada: Visitor, python: Course) -> None:
    measured(COMPLETION, "2026-06", total=60, n=100, of=python)
    ada.reads("/kpi-dashboard?course=py&compare=target")

    assert f"{URL}?course=py&amp;category=engagement" in ada.html
    assert f"/kpi-dashboard/{COMPLETION}?course=py" in ada.html


def test_the_queries_do_not_grow_with_courses_and_modules(
    ada: Visitor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def grow(*keys: str) -> None:
        for key in keys:
            made = course(key, "loops", "tests")
            measured(VELOCITY, "2026-06", total=60, n=100, of=made)
            for module in made.modules.all():
                measured(VELOCITY, "2026-06", total=60, n=100, of=module)

    grow("py", "js")
    with django_assert_max_num_queries(25) as few:
        ada.client.get(f"{URL}?category=engagement")
    grow("sql", "go", "rb")
    with django_assert_max_num_queries(len(few)):
        ada.client.get(f"{URL}?category=engagement")
