"""The page of the framework, with figures worked out by hand, and what readers may see of it."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.tests.people import account, course, moment
from alerts.models import Alert, AlertRule
from curriculum.models import Course, Module, Parameter, ParameterChange, Skill
from engagement.tests.school import did, enrolled, finished, school
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db

PAGE = "/curriculum-framework"
# enrollments of the school fall due on 16 February
FEBRUARY = f"{PAGE}?from=2026-02-01&to=2026-02-28"


def row_of(visitor: Visitor, path: str, title: str) -> str:
    """The text of a module's row in the table."""
    text = visitor.reads(path)
    _, _, below = text.partition("Proposed changes")
    return below[below.index(title) :]


def alert_on(module: Module) -> Alert:
    rule = AlertRule.objects.create(kpi="engagement.assessment-performance", each="module")
    return Alert.objects.create(
        rule=rule, scope="module", scope_id=module.pk, course=module.course, severity="warning",
        first_period_start=date(2026, 2, 1), last_period_start=date(2026, 2, 1),
        opened_at=moment("2026-03-01"),
    )  # fmt: skip


def proposal_for(module: Module) -> ParameterChange:
    row = Parameter.objects.create(
        key="module.planned-days", role="curriculum", name="Planned days", module=module, value=7,
        minimum=1, maximum=90, step=1,
    )  # fmt: skip
    return ParameterChange.objects.create(
        parameter=row, old_value=7, new_value=9, reason="", proposed_at=moment("2026-03-01"),
        minimum=1, maximum=90, step=1,
    )  # fmt: skip


def test_a_module_has_its_reach_completion_and_drop_off(ada: Visitor) -> None:
    school()
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-20")
    finished("bo", "m1", at="2026-01-20")

    assert row_of(ada, FEBRUARY, "1. Module 1").startswith("1. Module 1 ✓ Fine 100.0% 100.0% 0.0%")
    assert row_of(ada, FEBRUARY, "2. Module 2").startswith("2. Module 2 ✓ Fine 50.0% 50.0% 50.0%")


@pytest.mark.usefixtures("_in_july_2026")
def test_small_groups_stay_hidden_from_a_manager() -> None:
    made = school()
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-20")
    bo = Visitor(account("Bo", grants=(made,)))

    hidden = "1. Module 1 – Hidden hidden hidden hidden"
    assert row_of(bo, FEBRUARY, "1. Module 1").startswith(hidden)
    assert "Hidden to protect groups of fewer than 10 people." in bo.reads(FEBRUARY)


def test_the_module_with_an_alert_is_the_weakest_spot(ada: Visitor) -> None:
    alert_on(school().modules.all()[1])
    text = ada.reads(FEBRUARY)

    assert "Weakest spot: Course py, Module 2 – 1 open alert." in text
    assert "2. Module 2 ✕ Needs attention 1 open alert" in text


def test_a_closed_alert_does_not_count(ada: Visitor) -> None:
    alert = alert_on(school().modules.all()[1])
    Alert.objects.filter(pk=alert.pk).update(closed_at=moment("2026-03-02"))

    assert "Weakest spot" not in ada.reads(FEBRUARY)


def test_a_proposed_change_is_counted_and_linked(ada: Visitor) -> None:
    proposal_for(school().modules.all()[0])
    ada.reads(PAGE)

    assert 'href="/curriculum-parameters?course=py&amp;module=m1">1</a>' in ada.html


def test_the_picture_names_modules_and_skills_for_everybody(ada: Visitor) -> None:
    first, _ = school().modules.all()
    skill = Skill.objects.create(key="sql", title="SQL")
    skill.modules.add(first)
    ada.reads(PAGE)

    assert 'aria-label="1. Module 1: No data"' in ada.html
    assert "<title>SQL</title>" in ada.html


def test_a_prerequisite_of_another_course_is_drawn_as_a_guest(ada: Visitor) -> None:
    first, _ = school().modules.all()
    sql = Skill.objects.create(key="sql", title="SQL")
    sql.modules.add(first)
    sql.prerequisites.add(Skill.objects.create(key="sets", title="Sets"))

    assert "Sets (not taught in this course)" in ada.reads(PAGE)


def test_the_skills_map_marks_the_modules_that_teach_a_skill(ada: Visitor) -> None:
    _, second = school().modules.all()
    skill = Skill.objects.create(key="sql", title="SQL")
    skill.modules.add(second)

    assert "Requires Attainment SQL ● taught" in ada.reads(PAGE)


def test_a_skill_has_its_attainment_even_if_another_has_its_title(ada: Visitor) -> None:
    first, _ = school().modules.all()
    for key in ("sql", "sql-2"):
        Skill.objects.create(key=key, title="SQL").modules.add(first)
    enrolled("ada", "bo")
    for who, value in (("ada", 0.9), ("bo", 0.5)):
        did(who, "skill.assessed", "2026-02-10", object="sql", value=value)

    # 1 of 2 reached mastery
    assert "SQL ● taught 50.0% SQL ● taught –" in ada.reads(FEBRUARY)


@pytest.mark.usefixtures("_in_july_2026")
def test_a_manager_sees_granted_courses_only() -> None:
    school("sql")
    bo = Visitor(account("Bo", grants=(course("py", modules=1),)))
    text = bo.reads(PAGE)

    assert "Course py" in text
    assert "Course sql" not in text


def test_an_unknown_course_is_named(ada: Visitor) -> None:
    course("py")

    assert "Unknown course “sql”." in ada.reads(f"{PAGE}?course=sql")
    assert ada.status == 400


@pytest.mark.parametrize("many", [2, 12])
def test_the_page_needs_as_many_queries_for_any_number_of_modules(
    ada: Visitor, many: int, django_assert_max_num_queries: object
) -> None:
    for key in ("py", "sql"):
        course(key, modules=many)
    ada.reads(PAGE)

    with django_assert_max_num_queries(28):  # type: ignore[operator]
        ada.reads(PAGE)


def test_a_course_without_modules_leaves_a_sentence(ada: Visitor) -> None:
    Course.objects.create(key="empty", title="Empty")

    assert "There are no modules yet." in ada.reads(PAGE)
