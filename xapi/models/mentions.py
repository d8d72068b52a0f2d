"""Which statements mention whom and what: the indexes behind the filters of GET /statements.

Each row repeats when its statement was stored, so that a page is read in that order.
"""

from __future__ import annotations

from django.db import models

from xapi.models.identities import Activity, Agent
from xapi.models.statements import Statement


class Mention(models.Model):
    statement = models.ForeignKey(Statement, models.CASCADE, related_name="+")
    stored = models.DateTimeField()
    # as the actor or the object, not only somewhere around them
    is_direct = models.BooleanField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.statement_id)


class AgentMention(Mention):
    agent = models.ForeignKey(Agent, models.CASCADE, db_index=False, related_name="mentions")

    class Meta:
        indexes = (
            models.Index(
                fields=("agent", "stored", "statement", "is_direct"), name="mention_of_agent"
            ),
        )


class ActivityMention(Mention):
    activity = models.ForeignKey(Activity, models.CASCADE, db_index=False, related_name="mentions")

    class Meta:
        indexes = (
            models.Index(
                fields=("activity", "stored", "statement", "is_direct"), name="mention_of_activity"
            ),
        )


class Target(models.Model):
    """That a statement's object is another statement, or leads to it over several."""

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="targets")
    stored = models.DateTimeField()
    # the other may come later, or never
    target = models.ForeignKey(
        Statement, models.DO_NOTHING, to_field="uuid", db_constraint=False, related_name="+"
    )
    is_direct = models.BooleanField()
    is_voiding = models.BooleanField()

    class Meta:
        indexes = (models.Index(fields=("stored", "statement"), name="target_by_stored"),)
        constraints = (
            models.UniqueConstraint("statement", "target", name="one_target_of_a_statement"),
        )

    def __str__(self) -> str:
        return f"{self.statement_id} → {self.target_id}"
