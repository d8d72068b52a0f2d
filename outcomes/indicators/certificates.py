from __future__ import annotations

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from curriculum.models import Enrollment
from kpis.definitions.facts import Cut, Ratio
from kpis.definitions.periods import Period
from kpis.definitions.registry import kpi
from kpis.definitions.units import PERCENT
from outcomes.facts.certificates import COMPLETION
from outcomes.models import Certificate


@kpi(
    COMPLETION,
    _("Certification completion"),
    unit=PERCENT,
    target=95,
    facts=Enrollment,
    at="due_at",
    reads={Certificate: "enrollment"},
)
def certification_completion(rows: QuerySet[Enrollment], cut: Cut) -> Ratio:
    """The share of learners on the certificate track who earn their certificate on time.
    Example: of the 120 certificate-track enrollments that fell due in October, 108 held a
    certificate at the end of the month: 90.0%.

    Formula: (certificate-track enrollments that fell due in the period and held a certificate at
    its end) ÷ (certificate-track enrollments that fell due in the period).

    A revoked certificate stops counting when it is revoked; periods that ended before that keep
    it. An expired certificate still counts, because it was earned.
    """
    on_track = rows.filter(certificate_track_at__lt=cut.period.end)
    return Ratio(
        rows=on_track.annotate(is_certified=Exists(certificates_held(cut.period))),
        total=Sum(Case(When(is_certified=True, then=Value(1)), default=Value(0))),
        weight=Count("pk"),
    )


def certificates_held(when: Period) -> QuerySet[Certificate]:
    """The certificates that the enrollment of the outer query holds at the end of the period."""
    return Certificate.objects.filter(
        Q(revoked_at=None) | Q(revoked_at__gte=when.end),
        enrollment=OuterRef("pk"),
        earned_at__lt=when.end,
    )
