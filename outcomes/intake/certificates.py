from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from core import reporting_clock
from intake.event_kinds import Data, handles, resets_course, resets_enrollments
from intake.models import Event
from kpis.definitions.periods import local_day
from kpis.recompute import stale_days
from outcomes.facts import certificates

resets_course(certificates.reset)
resets_enrollments(certificates.reset_enrollments)


class Earned(Data):
    """What stands on the certificate."""

    number: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    expires_on: Annotated[date, Field(description="The last day on which it stands.")] | None = None


def _expiry(value: float | None, data: Earned, at: datetime) -> tuple[str, str] | None:
    """A certificate stands on the day on which it is earned, at least."""
    earned = local_day(at, reporting_clock.reporting_zone())
    if data.expires_on is None or data.expires_on >= earned:
        return None
    return "data.expires_on", f"{data.expires_on} is before {earned}, the day it was earned."


class Revoked(Data):
    """Why, in the sender's words."""

    reason: Annotated[str, Field(max_length=500)] | None = None


@handles("certificate.earned", data=Earned, check=_expiry)
def certificate_earned(events: Sequence[Event]) -> None:
    """The learner earned the certificate of the run, or it was renewed."""
    _tell(events)


@handles("certificate.revoked", data=Revoked)
def certificate_revoked(events: Sequence[Event]) -> None:
    """The certificate was taken back; from now on it does not count."""
    _tell(events)


@handles("certificate.expired")
def certificate_expired(events: Sequence[Event]) -> None:
    """The certificate ran out. It was earned all the same."""
    _tell(events)


def _tell(events: Sequence[Event]) -> None:
    certificates.record(events)
    stale_days.update_freshness("outcome", events)
