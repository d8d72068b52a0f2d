"""A course of three modules that teaches Python before statistics."""

from __future__ import annotations

from accounts.tests.people import course
from curriculum.models import Course, Skill, StructureVersion
from curriculum.structure import versions


def taught_course() -> Course:
    made = course(modules=3)
    first, second, _ = made.modules.all()
    python = Skill.objects.create(key="python", title="Python")
    statistics = Skill.objects.create(key="statistics", title="Statistics")
    python.modules.set([first])
    statistics.modules.set([first, second])
    statistics.prerequisites.set([python])
    versions.record([made.pk], source=StructureVersion.Source.DEMO)
    return made
