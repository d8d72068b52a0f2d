from __future__ import annotations

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Sum, Value, When

from curriculum.models import Enrollment
from kpis.definitions.aggregates import FactAggregate
from kpis.definitions.periods import Period
from kpis.definitions.registry import kpi
from kpis.definitions.units import PERCENT
from outcomes.facts.certificates import COMPLETION
from outcomes.models import Certificate


@kpi(COMPLETION, "Certification completion", unit=PERCENT, target=95)
def certification_completion(when: Period) -> FactAggregate:
    """Certificate-track enrolments that fell due in the period and had their certificate by its
    end ÷ certificate-track enrolments that fell due in the period.

    A revoked certificate counts until it is revoked: periods that ended before keep it. One that
    expired was earned all the same.
    """
    return FactAggregate(
        rows=fallen_due(when).annotate(is_certified=Exists(held(when))),
        total=Sum(Case(When(is_certified=True, then=Value(1)), default=Value(0))),
        weight=Count("pk"),
        enrollment="",
    )


def fallen_due(when: Period) -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(
        certificate_track_at__lt=when.end, due_at__gte=when.start, due_at__lt=when.end
    )


def held(when: Period) -> QuerySet[Certificate]:
    """The certificates of an enrolment that it holds at the period's end."""
    return Certificate.objects.filter(
        Q(revoked_at=None) | Q(revoked_at__gte=when.end),
        enrollment=OuterRef("pk"),
        earned_at__lt=when.end,
    )
