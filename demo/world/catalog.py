"""The courses of the demonstration, with their modules, skills and learning objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curriculum.models import Course, Module, Skill
from demo.world.seeded_random import seeded_random
from engagement.models import LearningObject

ITEMS = 5  # questions in an assessment
WEAK_MODULE = "networks"
# weak for some weeks, until it is changed
CHANGED_MODULE = "statistics"


@dataclass(frozen=True)
class Syllabus:
    """The outline of a course, with modules as (key, title, days, effort in minutes)."""

    key: str
    title: str
    modules: tuple[tuple[str, str, int, int], ...]
    popularity: float
    hardness: float = 0.0
    is_quarterly: bool = False


SYLLABI = (
    Syllabus(
        "data-analysis",
        "Data Analysis with Python",
        (
            ("first-steps", "First steps in Python", 7, 150),
            ("charts", "Charts that tell the truth", 7, 150),
            (CHANGED_MODULE, "Describing and comparing", 7, 180),
            ("models", "A first model", 7, 210),
            ("report", "Your own report", 7, 240),
        ),
        popularity=0.31,
    ),
    Syllabus(
        "project-management",
        "Project Management Essentials",
        (
            ("scope", "Scope and people", 7, 120),
            ("planning", "Planning in small steps", 7, 150),
            ("risk", "Risk before it happens", 7, 120),
            ("meetings", "Meetings worth having", 7, 90),
            ("delivery", "Delivery and review", 7, 150),
        ),
        popularity=0.27,
    ),
    Syllabus(
        "customer-success",
        "Customer Success in Practice",
        (
            ("listening", "Listening", 7, 90),
            ("onboarding", "A good first week", 7, 120),
            ("hard-talks", "Hard conversations", 7, 150),
            ("renewal", "Renewal", 7, 120),
            ("playbook", "Your own playbook", 7, 180),
        ),
        popularity=0.25,
        is_quarterly=True,
    ),
    Syllabus(
        "cloud-operations",
        "Cloud Operations",
        (
            ("shell", "At home in the shell", 7, 120),
            ("containers", "Containers", 7, 180),
            (WEAK_MODULE, "Networks and security", 7, 210),
            ("watching", "Watching a system", 7, 150),
            ("incidents", "When it breaks", 7, 150),
            ("capstone", "Run it for a week", 7, 240),
        ),
        popularity=0.17,
        hardness=0.3,
    ),
)
SKILLS = (
    ("python", "Python", ("first-steps", "models")),
    ("visualisation", "Visualisation", ("charts", "report")),
    ("statistics", "Statistics", ("statistics", "models")),
    ("planning", "Planning", ("scope", "planning", "delivery")),
    ("risk-management", "Risk management", ("risk", "incidents")),
    ("communication", "Communication", ("meetings", "listening", "hard-talks")),
    ("account-care", "Account care", ("onboarding", "renewal", "playbook")),
    ("linux", "Linux", ("shell", "containers")),
    ("security", "Network security", (WEAK_MODULE, "watching", "capstone")),
)
PREREQUISITES = {
    "statistics": ("python",),
    "visualisation": ("python", "statistics"),
    "risk-management": ("planning",),
    "account-care": ("communication",),
    "security": ("linux",),
}


@dataclass(frozen=True)
class Catalog:
    """The unsaved rows of all courses."""

    courses: dict[str, Course]
    modules: dict[str, list[Module]]
    objects: dict[str, list[LearningObject]]
    skills: list[tuple[Skill, tuple[str, ...]]]


def make_catalog(seed: int) -> Catalog:
    courses = {one.key: _course(one) for one in SYLLABI}
    modules = {one.key: list(_modules(one, courses[one.key])) for one in SYLLABI}
    return Catalog(
        courses=courses,
        modules=modules,
        objects={one.key: list(_objects(one, seed)) for many in modules.values() for one in many},
        skills=[(Skill(key=key, title=title), parts) for key, title, parts in SKILLS],
    )


def _course(one: Syllabus) -> Course:
    days = sum(days for _, _, days, _ in one.modules)
    return Course(key=one.key, title=one.title, nominal_days=days)


def _modules(one: Syllabus, course: Course) -> Iterator[Module]:
    for position, (key, title, days, effort) in enumerate(one.modules, start=1):
        yield Module(
            course=course,
            key=key,
            title=title,
            position=position,
            planned_days=days,
            effort_minutes=effort,
        )


def _objects(module: Module, seed: int) -> Iterator[LearningObject]:
    """Make a video, a quiz and an assessment for the module."""
    rng = seeded_random(seed, "videos", module.key)
    kinds = LearningObject.Kind
    seconds = float(rng.randrange(240, 1_080, 15))
    yield _object(module, kinds.VIDEO, "video", duration_seconds=seconds)
    yield _object(module, kinds.QUIZ, "quiz")
    yield _object(module, kinds.ASSESSMENT, "assessment", pass_mark=0.6)


def _object(module: Module, kind: str, name: str, **fields: float) -> LearningObject:
    return LearningObject(
        course=module.course,
        module=module,
        kind=kind,
        key=f"{module.key}-{name.replace(' ', '-')}",
        title=f"{module.title}: {name}",
        **fields,
    )
