"""The picture of one course: its modules in order, and below them the skills they teach."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from curriculum_pages.framework.module_health import ModuleHealth

MODULE_WIDTH, MODULE_HEIGHT, MODULE_GAP = 180, 148, 24
SKILL_WIDTH, SKILL_HEIGHT, SKILL_GAP, LEVEL_GAP = 150, 32, 14, 44
MARGIN = 6
# about as many letters fit into one line
MODULE_LETTERS, SKILL_LETTERS = 18, 19


@dataclass(frozen=True)
class SkillNode:
    """A skill to draw: the keys of its prerequisites and the ids of the modules that teach it."""

    key: str
    title: str
    prerequisites: Sequence[str]
    modules: Sequence[int]


@dataclass(frozen=True)
class ModuleBox:
    """`x` and `y` are those of the upper left corner."""

    health: ModuleHealth
    x: int
    y: int
    lines: Sequence[str]
    is_weakest: bool
    arrow: str

    @property
    def center(self) -> int:
        return self.x + MODULE_WIDTH // 2


@dataclass(frozen=True)
class SkillBox:
    """A skill that modules of other courses teach is drawn as a guest."""

    skill: SkillNode
    x: int
    y: int
    text: str

    @property
    def center(self) -> int:
        return self.x + SKILL_WIDTH // 2

    @property
    def is_guest(self) -> bool:
        return not self.skill.modules


@dataclass(frozen=True)
class Picture:
    """Boxes, and lines as SVG paths: from modules to skills, and between skills."""

    width: int
    height: int
    modules: Sequence[ModuleBox]
    skills: Sequence[SkillBox]
    teaches: Sequence[str]
    requires: Sequence[str]


def draw(
    modules: Sequence[ModuleHealth], skills: Sequence[SkillNode], weakest: ModuleHealth | None
) -> Picture:
    """Draw modules from left to right; a skill stands below its prerequisites."""
    boxes = [_module_box(at, one, one is weakest) for at, one in enumerate(modules)]
    centers = {box.health.module.pk: box.center for box in boxes}
    placed = _place_skills(skills, centers)
    right = [box.x + MODULE_WIDTH for box in boxes] + [box.x + SKILL_WIDTH for box in placed]
    bottom = [MARGIN + MODULE_HEIGHT, *(box.y + SKILL_HEIGHT for box in placed)]
    by_key = {box.skill.key: box for box in placed}
    return Picture(
        width=max(right, default=0) + MARGIN,
        height=max(bottom) + MARGIN,
        modules=boxes,
        skills=placed,
        teaches=[
            _curve(centers[pk], MARGIN + MODULE_HEIGHT, box.center, box.y)
            for box in placed
            for pk in box.skill.modules
        ],
        requires=[
            _curve(by_key[key].center, by_key[key].y + SKILL_HEIGHT, box.center, box.y - 5)
            for box in placed
            for key in box.skill.prerequisites
            if key in by_key
        ],
    )


def _module_box(at: int, health: ModuleHealth, is_weakest: bool) -> ModuleBox:
    x = MARGIN + at * (MODULE_WIDTH + MODULE_GAP)
    middle = MARGIN + MODULE_HEIGHT // 2
    arrow = f"M{x - MODULE_GAP + 2} {middle}H{x - 6}" if at else ""
    lines = textwrap.wrap(
        health.module.title, MODULE_LETTERS, max_lines=2, placeholder="…", break_long_words=True
    )
    return ModuleBox(health, x, MARGIN, lines, is_weakest, arrow)


def _place_skills(skills: Sequence[SkillNode], centers: Mapping[int, int]) -> list[SkillBox]:
    """Place each skill below its modules, on a level below its prerequisites, without overlaps."""
    levels = _levels(skills)
    rows: dict[int, list[tuple[float, SkillNode]]] = defaultdict(list)
    wanted: dict[str, float] = {}
    for one in sorted(skills, key=lambda skill: (levels[skill.key], skill.title, skill.key)):
        above = [float(centers[pk]) for pk in one.modules]
        above = above or [wanted[key] for key in one.prerequisites if key in wanted]
        wanted[one.key] = sum(above) / len(above) if above else 0.0
        rows[levels[one.key]].append((wanted[one.key], one))
    return [box for level, row in sorted(rows.items()) for box in _row(level, row)]


def _row(level: int, row: Sequence[tuple[float, SkillNode]]) -> list[SkillBox]:
    y = MARGIN + MODULE_HEIGHT + LEVEL_GAP + level * (SKILL_HEIGHT + LEVEL_GAP)
    boxes, free = [], MARGIN
    for center, skill in sorted(row, key=lambda pair: (pair[0], pair[1].key)):
        x = max(free, round(center) - SKILL_WIDTH // 2)
        text = textwrap.shorten(skill.title, SKILL_LETTERS, placeholder="…")
        boxes.append(SkillBox(skill, x, y, text if text != "…" else skill.title[:18] + "…"))
        free = x + SKILL_WIDTH + SKILL_GAP
    return boxes


def _levels(skills: Sequence[SkillNode]) -> dict[str, int]:
    """Return how many prerequisites lie one above the other before each skill."""
    required = {one.key: one.prerequisites for one in skills}
    levels: dict[str, int] = {}
    for key in TopologicalSorter(required).static_order():
        above = [levels[one] for one in required.get(key, ()) if one in required]
        levels[key] = max(above, default=-1) + 1
    return levels


def _curve(x1: int, y1: int, x2: int, y2: int) -> str:
    middle = (y1 + y2) // 2
    return f"M{x1} {y1}C{x1} {middle} {x2} {middle} {x2} {y2}"
