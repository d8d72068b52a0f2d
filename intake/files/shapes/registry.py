"""The files of tools that are recognized, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Sequence

from intake.files.records import Header
from intake.files.shapes.base import Shape
from intake.files.shapes.canvas_gradebook import CanvasGradebook
from intake.files.shapes.google_forms import GoogleForms
from intake.files.shapes.microsoft_forms import MicrosoftForms
from intake.files.shapes.moodle_completion import MoodleCompletion
from intake.files.shapes.moodle_gradebook import MoodleGradebook
from intake.files.shapes.moodle_log import MoodleLog
from intake.files.shapes.moodle_logstore import MoodleLogstore
from intake.files.shapes.moodle_quiz import MoodleQuiz
from intake.files.shapes.openedx_grades import OpenEdxGrades
from intake.files.shapes.openedx_problems import OpenEdxProblems
from intake.files.shapes.stripe_activity import StripeActivity
from intake.files.shapes.stripe_balance import StripeBalance
from intake.files.shapes.stripe_payments import StripePayments
from intake.files.shapes.surveymonkey import SurveyMonkey
from intake.files.shapes.teachable import Teachable
from intake.files.shapes.thinkific import Thinkific
from intake.files.shapes.typeform import Typeform
from intake.files.shapes.udemy import Udemy
from intake.tables.text import Record as Line

SHAPES: dict[str, Shape] = {
    shape.key: shape
    for shape in (
        MoodleLog(), MoodleLogstore(), MoodleGradebook(), MoodleQuiz(), MoodleCompletion(),
        CanvasGradebook(), OpenEdxGrades(), OpenEdxProblems(),
        StripePayments(), StripeBalance(), StripeActivity(),
        SurveyMonkey(), Typeform(), MicrosoftForms(), GoogleForms(),
        Udemy(), Thinkific(), Teachable(),
    )
}  # fmt: skip


def shape_of(lines: Sequence[Line], named: str = "") -> tuple[Shape, Header] | None:
    """Return the shape that has its header in the first line, and the header.

    The most exact one if there are several, or only the one that somebody names.
    """
    shapes = [SHAPES[named]] if named else SHAPES.values()
    found = [(shape, header) for shape in shapes if (header := shape.header_in(lines))]
    return max(found, key=lambda one: len(one[0].signature), default=None)
