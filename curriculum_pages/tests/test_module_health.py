"""What makes a module weak, and how the picture of a course is laid out."""

from __future__ import annotations

from curriculum.models import Module
from curriculum_pages.framework.module_health import (
    Level,
    ModuleHealth,
    Progress,
    losing_most,
    weakest,
)
from curriculum_pages.framework.picture import SKILL_WIDTH, SkillNode, draw


def health(position: int = 1, **fields: object) -> ModuleHealth:
    module = Module(pk=position, key=f"m{position}", title="A module", position=position)
    return ModuleHealth(module=module, **fields)  # type: ignore[arg-type]


def loses(share: float, planned: int = 100) -> Progress:
    return Progress(planned, 0.9, 0.8, share)


def test_a_module_with_an_alert_needs_attention() -> None:
    assert health(alerts=1).level is Level.WEAK


def test_one_problem_without_an_alert_is_to_be_watched() -> None:
    assert health(loses_most=True).level is Level.WATCH


def test_figures_without_problems_are_fine_and_none_are_no_data() -> None:
    assert health(progress=loses(0.02)).level is Level.FINE
    assert health().level is Level.UNKNOWN
    assert health(progress=Progress(is_hidden=True)).level is Level.HIDDEN


def test_the_largest_drop_off_counts_if_it_is_notable_and_not_of_a_few() -> None:
    assert losing_most([(1, loses(0.02)), (2, loses(0.2)), (3, loses(0.12))]) == 2
    assert losing_most([(1, loses(0.09))]) is None
    assert losing_most([(1, loses(0.5, planned=19))]) is None


def test_the_module_with_most_problems_is_the_weakest() -> None:
    first, second, third = health(1), health(2, loses_most=True), health(3, alerts=1)

    assert weakest([first, second, third]) is third
    assert weakest([first]) is None


def test_a_skill_stands_below_its_prerequisites() -> None:
    skills = [SkillNode("b", "B", ["a"], [1]), SkillNode("a", "A", [], [1])]
    picture = draw([health()], skills, None)
    places = {box.skill.key: box.y for box in picture.skills}

    assert places["a"] < places["b"]
    assert len(picture.requires) == 1


def test_skills_of_one_module_do_not_overlap() -> None:
    skills = [SkillNode(key, key, [], [1]) for key in "abc"]
    first, second, third = sorted(box.x for box in draw([health()], skills, None).skills)

    assert second - first > SKILL_WIDTH
    assert third - second > SKILL_WIDTH


def test_a_course_without_skills_has_a_picture() -> None:
    picture = draw([health(1), health(2)], [], None)

    assert len(picture.modules) == 2
    assert picture.height > 0


def test_a_long_title_takes_two_lines() -> None:
    module = Module(pk=1, title="An introduction to " + "x" * 200, position=1)
    (box,) = draw([ModuleHealth(module=module)], [], None).modules

    assert len(box.lines) == 2
    assert box.lines[1].endswith("…")
