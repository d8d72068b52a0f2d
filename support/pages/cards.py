"""A learner as pages show them: how they stand, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext

from core import localized
from curriculum.models import Learner
from support.models import Contact, Standing
from support.reasons import Reason, advice, reasons

HIGH, MEDIUM = 0.6, 0.3


def percent(share: float) -> str:
    return localized.percent(Decimal(round(share * 100)), 0)


@dataclass(frozen=True)
class LearnerCard:
    """`last_contact` is None for a learner whom nobody has contacted in this run."""

    standing: Standing
    last_contact: Contact | None
    is_chance: bool

    @property
    def learner(self) -> Learner:
        return self.standing.enrollment.learner

    @property
    def url(self) -> str:
        return reverse("support:learner", args=[self.standing.enrollment_id])

    @property
    def level(self) -> str:
        """high, medium or low."""
        score = self.standing.score
        return "high" if score >= HIGH else "medium" if score >= MEDIUM else "low"

    @property
    def score(self) -> str:
        """The chance of not finishing, or the points of the rules."""
        if self.is_chance:
            share = percent(self.standing.score)
            return gettext("%(share)s chance of not finishing") % {"share": share}
        points = localized.number(self.standing.points)
        return gettext("%(points)s of 10 points") % {"points": points}

    @property
    def reasons(self) -> Sequence[Reason]:
        return reasons(self.standing)

    @property
    def advice(self) -> str:
        return advice(self.standing)

    @property
    def place(self) -> str:
        run = self.standing.enrollment.run
        week = {"week": localized.number(self.standing.week + 1)}
        # the title of a run mostly has that of its course
        titles = [str(run)] if str(run.course) in str(run) else [str(run.course), str(run)]
        return " · ".join([*titles, gettext("week %(week)s") % week])


def cards(standings: Iterable[Standing], *, is_chance: bool) -> list[LearnerCard]:
    """Return the cards of a page, with one query for the last contacts of all of them."""
    rows = list(standings)
    contacts = Contact.objects.filter(enrollment__in=[one.enrollment_id for one in rows])
    last = {one.enrollment_id: one for one in contacts.order_by("on", "pk")}
    return [LearnerCard(one, last.get(one.enrollment_id), is_chance) for one in rows]
