from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.personal_data import Action, holds_no_personal_data, holds_personal_data
from engagement.models import (
    ActivityMoments,
    AssessmentResult,
    CourseDefinition,
    DailyActivity,
    ItemResult,
    LearningObject,
    ModuleProgress,
    PlayerEvent,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)

FACT = _("A fact about a learner who is anonymous by then; figures are computed from it.")

for model, path, fields in (
    (DailyActivity, "enrollment__learner", ("day", "interactions")),
    (WeekPresence, "enrollment__learner", ("week",)),
    (AssessmentResult, "enrollment__learner", ("score",)),
    (ItemResult, "result__enrollment__learner", ("item", "score")),
    (ModuleProgress, "planned__enrollment__learner", ("reached_at", "done_at")),
    (QuizAttempt, "enrollment__learner", ()),
    (PlayerEvent, "enrollment__learner", ()),
    (VideoProgress, "enrollment__learner", ("segments",)),
):
    holds_personal_data(model, path, fields, action=Action.KEEP, reason=FACT)
holds_personal_data(
    ActivityMoments, "enrollment__learner", ("day", "seconds"), action=Action.DELETE
)
holds_no_personal_data(CourseDefinition, LearningObject, reason=_("The content of courses."))
