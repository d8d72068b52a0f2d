"""The history of a parameter, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from curriculum.models import ParameterChange
from curriculum_pages.adjustments.cards import AdjustmentCard
from curriculum_pages.parameter_rows import scope_name
from curriculum_pages.parameters.forms import RevertForm
from experiments.models import Experiment
from presentation import figures

Status = ParameterChange.Status
BADGES = {Status.PROPOSED: "stale", Status.REJECTED: "", Status.REVERTED: ""}


@dataclass(frozen=True)
class HistoryEntry:
    """A change; `form` reverts it, and is None for whoever may not, or if it cannot be.

    `adjustment` and `experiment` are what made the change, if the reader may see it.
    """

    change: ParameterChange
    form: RevertForm | None = None
    adjustment: AdjustmentCard | None = None
    sees_every_course: bool = True
    experiment: Experiment | None = None

    @property
    def scope(self) -> str:
        return scope_name(self.change.parameter)

    @property
    def name(self) -> str:
        return self.change.parameter.display_name

    @property
    def reason(self) -> str:
        """The reason, without the figures of others that a rule may have written into it."""
        change, is_by_person = self.change, self.change.proposed_by_id is not None
        if self.adjustment:
            return self.adjustment.reason(change.reason, by_person=is_by_person)
        is_visible = is_by_person or self.sees_every_course
        return change.reason if is_visible else gettext("Proposed after an alert.")

    @property
    def old(self) -> str:
        return self.change.parameter.written(self.change.old_value)

    @property
    def new(self) -> str:
        return self.change.parameter.written(self.change.new_value)

    @property
    def proposed_by(self) -> str:
        return str(self.change.proposed_by) if self.change.proposed_by else ""

    @property
    def decided_by(self) -> str:
        """Who decided, if it is not who proposed."""
        by = self.change.decided_by
        return str(by) if by and by != self.change.proposed_by else ""

    @property
    def at(self) -> str:
        return figures.moment(self.change.decided_at or self.change.proposed_at)

    @property
    def applies_from(self) -> str:
        """From when the value applies; empty if that is the decision, or it never does."""
        is_effective = self.change.status in ParameterChange.EFFECTIVE
        is_planned = self.change.effective_from not in (None, self.change.decided_at)
        return figures.moment(self.change.effective_from) if is_effective and is_planned else ""

    @property
    def badge(self) -> str:
        return BADGES.get(Status(self.change.status), "")
