"""What came of a learner's own referral link."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from business.indicators import is_transfer
from business.models import Invitation, ReferralCode
from curriculum.models import Enrollment, Learner


def with_referrals(learners: QuerySet[Learner]) -> QuerySet[Any]:
    """Add each learner's `own_code` (None before it is needed), `invitations_sent` and `sign_ups`.

    Sign-ups are the enrollments that count as referred in the KPI: neither canceled nor transfers.
    """
    own = ReferralCode.objects.filter(learner=OuterRef("pk"))
    sent = Invitation.objects.filter(learner=OuterRef("pk")).order_by().values("learner")
    referred = Enrollment.objects.counted().filter(
        ~is_transfer(), referral__referrer=OuterRef("pk")
    )
    sign_ups = referred.order_by().values("referral__referrer").annotate(count=Count("pk"))
    return learners.annotate(
        own_code=Subquery(own.values("code")),
        invitations_sent=_count(sent.annotate(count=Count("pk"))),
        sign_ups=_count(sign_ups),
    )


def _count(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("count")), 0, output_field=IntegerField())
