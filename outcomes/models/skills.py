from __future__ import annotations

from django.db import models
from django.db.models import Q

from curriculum.models import Enrollment, Skill


class SkillAssessment(models.Model):
    """What one assessment found of a learner's skill, and what counted as mastery then."""

    class Stage(models.TextChoices):
        PRE = "pre", "Before the course"
        POST = "post", "In or after it"

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False)
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="+")
    stage = models.CharField(max_length=4, choices=Stage.choices, default=Stage.POST)
    assessed_at = models.DateTimeField(db_index=True)
    score = models.FloatField(help_text="0 to 1.")
    mastery = models.FloatField(help_text="The score that was mastery when it was assessed.")

    class Meta:
        ordering = ("-assessed_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "skill", "stage", "assessed_at"),
                name="one_assessment_of_a_skill_per_moment",
            ),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="skill_score_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return f"{self.skill}: {self.score:.0%}"

    @property
    def is_mastered(self) -> bool:
        return self.score >= self.mastery
