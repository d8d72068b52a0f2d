"""The facts that the engagement KPIs are computed from."""

from __future__ import annotations

from engagement.models.activity import ActivityMoments, DailyActivity, WeekPresence
from engagement.models.assessments import AssessmentResult, ItemResult
from engagement.models.objects import CourseDefinition, LearningObject
from engagement.models.progress import ModuleProgress
from engagement.models.quizzes import QuizAttempt
from engagement.models.videos import PlayerEvent, VideoProgress

__all__ = [
    "ActivityMoments",
    "AssessmentResult",
    "CourseDefinition",
    "DailyActivity",
    "ItemResult",
    "LearningObject",
    "ModuleProgress",
    "PlayerEvent",
    "QuizAttempt",
    "VideoProgress",
    "WeekPresence",
]
