"""Look a certificate up by its public code, and say what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from core import localized, reporting_clock
from core.readable_codes import LETTERS, normalize_code
from curriculum.models import Learner
from kpis.definitions.periods import local_day
from outcomes.models import Certificate, CertificateCode


@dataclass(frozen=True)
class Certified:
    """What a certificate says: nothing about the learner but the name."""

    code: CertificateCode
    certificate: Certificate
    today: date

    @property
    def name(self) -> str:
        """The name it was issued to; empty if none is recorded. Never a key or an address."""
        learner = self.code.enrollment.learner
        account = learner.user
        return self.code.name or learner.name or (account.name if account else "")

    @property
    def course(self) -> str:
        return str(self.code.enrollment.run.course)

    @property
    def earned_on(self) -> date:
        return _day_of(self.certificate.earned_at)

    @property
    def path(self) -> str:
        return reverse("learners:certificate", args=[self.code])

    @property
    def is_revoked(self) -> bool:
        return self.certificate.revoked_at is not None

    @property
    def is_valid(self) -> bool:
        expires_on = self.certificate.expires_on
        return self.certificate.is_valid and (expires_on is None or expires_on >= self.today)

    @property
    def state(self) -> str:
        """Whether it is valid, in one sentence."""
        one = self.certificate
        if one.revoked_at:
            return _on(gettext("This certificate was revoked on %(day)s."), _day_of(one.revoked_at))
        if not self.is_valid:
            ended = _day_of(one.expired_at) if one.expired_at else one.expires_on
            return _on(gettext("This certificate expired on %(day)s."), ended or self.today)
        if one.expires_on:
            return _on(gettext("This certificate is valid until %(day)s."), one.expires_on)
        return gettext("This certificate is valid.")


def certified(code: str, now: datetime) -> Certified | None:
    """Find what a code stands for: the latest certificate of its enrollment. None without one."""
    wanted = normalize_code(code)
    # PostgreSQL takes no text with a zero byte
    found = _codes().filter(code=wanted).first() if set(wanted) <= set(LETTERS) else None
    if found is None:
        return None
    latest = Certificate.objects.filter(enrollment=found.enrollment_id).order_by("-earned_at")
    one = latest.first()
    return Certified(found, one, _day_of(now)) if one else None


def certificates_of(learner: Learner | None, now: datetime) -> list[Certified]:
    """Return what a learner's certificates say now: one for each enrollment, the latest first."""
    codes = {one.enrollment_id: one for one in _codes().filter(enrollment__learner=learner)}
    rows = Certificate.objects.filter(enrollment__in=codes).order_by("-earned_at", "pk")
    return [
        Certified(codes.pop(one.enrollment_id), one, _day_of(now))
        for one in rows
        if one.enrollment_id in codes
    ]


def keep_names(learner: Learner, *, former: str, new: str) -> None:
    """Let a learner's certificates keep their name when the learner changes it.

    Otherwise, a certificate could be given away. One without any name gets the new one, once.
    """
    unnamed = CertificateCode.objects.filter(Q(name=""), enrollment__learner=learner)
    unnamed.update(name=former or new)


def _codes() -> QuerySet[Any]:
    return CertificateCode.objects.select_related(
        "enrollment__learner__user", "enrollment__run__course"
    )


def _day_of(moment: datetime) -> date:
    return local_day(moment, reporting_clock.reporting_zone())


def _on(text: str, day: date) -> str:
    return text % {"day": localized.long_day(day)}
