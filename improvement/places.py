"""Where an alert is, and where a rule changes its parameter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alerts.models import Alert
from curriculum import parameters
from curriculum.models import Course, CourseRun, Module, Parameter


@dataclass(frozen=True)
class Place:
    """A course, or a run or module with its course; empty for the whole site."""

    course: Course | None = None
    run: CourseRun | None = None
    module: Module | None = None

    @classmethod
    def of_alert(cls, alert: Alert) -> Place | None:
        """Return the place of an alert; None if it no longer exists."""
        if alert.scope == "site":
            return cls()
        if alert.scope == "course":
            course = Course.objects.filter(pk=alert.scope_id).first()
            return cls(course) if course else None
        if alert.scope == "run":
            run = CourseRun.objects.select_related("course").filter(pk=alert.scope_id).first()
            return cls(run.course, run=run) if run else None
        module = Module.objects.select_related("course").filter(pk=alert.scope_id).first()
        return cls(module.course, module=module) if module else None

    def value(self, key: str, at: datetime) -> Decimal:
        """Return the value that applies here, the place's own or the inherited one."""
        found = parameters.effective(
            [key], at=at, course=self.course, run=self.run, module=self.module
        )
        return found[key]

    def row(self, key: str, scope: str) -> Parameter | None:
        """Return the parameter's row in the place, of one scope, if any."""
        own: dict[str, Course | CourseRun | Module | None] = {
            "course": self.course if scope == "course" else None,
            "run": self.run if scope == "run" else None,
            "module": self.module if scope == "module" else None,
        }
        return Parameter.objects.filter(key=key, **own).first()

    def row_to_change(self, key: str, scope: str) -> Parameter:
        """Return that row, created if it is missing."""
        return parameters.parameter_for(
            key,
            course=self.course if scope == "course" else None,
            run=self.run if scope == "run" else None,
            module=self.module if scope == "module" else None,
        )
