from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.utils.translation import gettext
from pydantic import Field

from core import reporting_clock
from intake.event_batch import EventBatch
from intake.event_kinds import Data, handles, resets_enrollments
from kpis.definitions.periods import local_day
from outcomes.facts import certificates

resets_enrollments(certificates.reset_enrollments)


class Earned(Data):
    """The details on the certificate."""

    number: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    expires_on: Annotated[date, Field(description="The last day of its validity.")] | None = None


def _check_expiry(value: float | None, data: Earned, at: datetime) -> tuple[str, str] | None:
    """Reject a certificate that expires before the day it was earned."""
    earned = local_day(at, reporting_clock.reporting_zone())
    if data.expires_on is None or data.expires_on >= earned:
        return None
    reason = gettext("the expiry date %(expiry)s is before %(earned)s, the day it was earned.")
    return "data.expires_on", reason % {"expiry": data.expires_on, "earned": earned}


class Revoked(Data):
    """The reason, in the sender's words."""

    reason: Annotated[str, Field(max_length=500)] | None = None


@handles("certificate.earned", data=Earned, check=_check_expiry)
def certificate_earned(batch: EventBatch) -> None:
    """The learner earned the certificate of the run, or renewed it."""
    _record(batch)


@handles("certificate.revoked", data=Revoked)
def certificate_revoked(batch: EventBatch) -> None:
    """The certificate was revoked; it does not count from this time on."""
    _record(batch)


@handles("certificate.expired")
def certificate_expired(batch: EventBatch) -> None:
    """The certificate expired. It still counts as earned."""
    _record(batch)


def _record(batch: EventBatch) -> None:
    certificates.record_certificates(batch)
    batch.changes.update_freshness("outcome", batch.events)
