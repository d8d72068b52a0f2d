"""A site with rows of nearly every model, most of them about Ada."""

from __future__ import annotations

from accounts.tests.people import account
from business.models import OrganizationGrant, Seat
from business.tests.test_organizations import organization
from curriculum import parameters
from curriculum.models import Course, Enrollment, Learner
from experiments.models import ForcedVariant, Variant
from improvement.models import Adjustment
from kpisite.tests.erased_people import ada_with_everything
from notifications.tests.notifying import NOON, create_alert
from support.models import Standing


def ada_and_what_no_event_says() -> Learner:
    ada = ada_with_everything()
    _add_standing(Enrollment.objects.filter(learner=ada).earliest("pk"))
    variant = Variant.objects.earliest("pk")
    ForcedVariant.objects.create(
        experiment=variant.experiment, learner=ada, variant=variant, reason="Asked", at=NOON
    )
    alert = create_alert(Course.objects.earliest("pk"))
    parameter = parameters.parameter_for("module.practice-items", course=alert.course)
    Adjustment.objects.create(
        alert=alert, parameter=parameter, reason="Low", old_value=1, new_value=2, proposed_at=NOON
    )
    buyer = organization("umbrella", alert.course)
    Seat.objects.create(organization=buyer, learner=ada)
    staff = account("Bo", is_staff=True, is_superuser=True)
    OrganizationGrant.objects.create(user=staff, organization=buyer)
    return ada


def _add_standing(enrollment: Enrollment) -> None:
    counts = ("overdue_days", "failed", "due", "done_of_due", "points", "week", "lowest_score")
    reasons = ("never_started", "inactive", "behind", "failing", "slow")
    fields = {**dict.fromkeys(counts, 0), **dict.fromkeys(reasons, False)}
    Standing.objects.create(enrollment=enrollment, score=0.5, **fields)
