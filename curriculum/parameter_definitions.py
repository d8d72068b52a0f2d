"""The parameters of enrollments, and what providers can change in a course.

Enrollments read the completion window, the refund cut-off, the planned days and the deadline
extension. The others are read by the learning platform, from the API.
"""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_noop

from curriculum.models import Parameter
from curriculum.parameters import ParameterDefinition, declare

WINDOW_FACTOR = "completion.window-factor"
REFUND_CUTOFF = "enrollment.refund-cutoff"
PLANNED_DAYS = "module.planned-days"
DEADLINE_EXTENSION = "deadline.extension"

declare(
    ParameterDefinition(
        key=WINDOW_FACTOR,
        name=gettext_noop("Completion window"),
        help=gettext_noop("An enrollment is due after the course's nominal length times this."),
        role=Parameter.Role.MEASUREMENT,
        default=Decimal("1.5"),
        minimum=Decimal(1),
        maximum=Decimal(3),
        step=Decimal("0.1"),
        unit=gettext_noop("× nominal length"),
        scopes=("course", "run"),
        redefines=gettext_noop(
            "Completion rate and every other figure that depends on a due date, for learners who "
            "sign up while the new value applies. Plans of earlier sign-ups stay."
        ),
    ),
    ParameterDefinition(
        key=REFUND_CUTOFF,
        name=gettext_noop("Refund cut-off"),
        help=gettext_noop(
            "A learner who withdraws within this many days of the start is canceled and counts "
            "in no figure."
        ),
        role=Parameter.Role.MEASUREMENT,
        default=Decimal(7),
        minimum=Decimal(0),
        maximum=Decimal(60),
        step=Decimal(1),
        kind=Parameter.Kind.DURATION,
        unit="days",
        is_whole=True,
        scopes=("course", "run"),
        redefines=gettext_noop(
            "Who counts in all figures about learning, for learners who sign up while the new "
            "value applies. Earlier sign-ups keep their cut-off."
        ),
    ),
)

declare(
    ParameterDefinition(
        key=PLANNED_DAYS,
        name=gettext_noop("Planned days"),
        help=gettext_noop(
            "Days until a module is due, after those of all earlier modules. The course structure "
            "says how many, until a module or a run has its own."
        ),
        role=Parameter.Role.CURRICULUM,
        default=Decimal(7),
        minimum=Decimal(1),
        maximum=Decimal(90),
        step=Decimal(1),
        kind=Parameter.Kind.DURATION,
        unit="days",
        is_whole=True,
        scopes=("run", "module"),
        applies_to=Parameter.AppliesTo.SIGN_UPS,
        structure_field="planned_days",
    ),
    ParameterDefinition(
        key=DEADLINE_EXTENSION,
        name=gettext_noop("Deadline extension"),
        help=gettext_noop("Days by which each module is due later than planned."),
        role=Parameter.Role.CURRICULUM,
        default=Decimal(0),
        minimum=Decimal(0),
        maximum=Decimal(30),
        step=Decimal(1),
        kind=Parameter.Kind.DURATION,
        unit="days",
        is_whole=True,
        scopes=("course", "run", "module"),
        applies_to=Parameter.AppliesTo.SIGN_UPS,
    ),
    ParameterDefinition(
        key="module.pass-mark",
        name=gettext_noop("Pass mark"),
        help=gettext_noop("Share of the points that a learner needs to pass a module."),
        role=Parameter.Role.CURRICULUM,
        default=Decimal("0.6"),
        minimum=Decimal("0.3"),
        maximum=Decimal(1),
        step=Decimal("0.05"),
        kind=Parameter.Kind.SHARE,
        scopes=("course", "run", "module"),
    ),
    ParameterDefinition(
        key="module.attempts-allowed",
        name=gettext_noop("Attempts allowed"),
        help=gettext_noop("How often a learner can take the assessments of a module."),
        role=Parameter.Role.CURRICULUM,
        default=Decimal(3),
        minimum=Decimal(1),
        maximum=Decimal(20),
        step=Decimal(1),
        kind=Parameter.Kind.NUMBER,
        unit=gettext_noop("attempts"),
        is_whole=True,
        scopes=("course", "run", "module"),
    ),
    ParameterDefinition(
        key="module.practice-items",
        name=gettext_noop("Practice items"),
        help=gettext_noop("How many exercises a module offers before its assessment."),
        role=Parameter.Role.CURRICULUM,
        default=Decimal(10),
        minimum=Decimal(0),
        maximum=Decimal(100),
        step=Decimal(5),
        kind=Parameter.Kind.NUMBER,
        unit=gettext_noop("items"),
        is_whole=True,
        scopes=("course", "run", "module"),
    ),
    ParameterDefinition(
        key="reminder.interval",
        name=gettext_noop("Reminder interval"),
        help=gettext_noop("Time without activity after which a learner gets a reminder."),
        role=Parameter.Role.CURRICULUM,
        default=Decimal(7),
        minimum=Decimal(1),
        maximum=Decimal(30),
        step=Decimal(1),
        kind=Parameter.Kind.DURATION,
        unit="days",
        is_whole=True,
        scopes=("course", "run"),
    ),
    ParameterDefinition(
        key="video.segment-length",
        name=gettext_noop("Video segment length"),
        help=gettext_noop("How long a part of a video is, before a question or a break."),
        role=Parameter.Role.CURRICULUM,
        default=Decimal(8),
        minimum=Decimal(2),
        maximum=Decimal(30),
        step=Decimal(1),
        kind=Parameter.Kind.DURATION,
        unit="minutes",
        is_whole=True,
        scopes=("course", "module"),
    ),
    ParameterDefinition(
        key="tutor.hours",
        name=gettext_noop("Tutor hours"),
        help=gettext_noop("Hours per week in which a tutor answers the learners."),
        role=Parameter.Role.CURRICULUM,
        default=Decimal(2),
        minimum=Decimal(0),
        maximum=Decimal(40),
        step=Decimal("0.5"),
        kind=Parameter.Kind.NUMBER,
        unit=gettext_noop("hours per week"),
        scopes=("course", "run"),
    ),
)
