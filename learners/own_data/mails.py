"""E-mails to those who asked to be erased."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from accounts.languages import in_language_of
from accounts.mails import send_mail
from accounts.models import User
from core import localized, reporting_clock
from kpis.definitions.periods import local_day
from learners.models import ErasureRequest


def send_asked(asked: ErasureRequest) -> None:
    """Say when the learner will be erased, and how to withdraw; OSError if it is not accepted."""
    learner = asked.learner
    account = learner.user
    with in_language_of(account):
        day = local_day(asked.due_at, reporting_clock.reporting_zone())
        context = {
            "account": account or learner,
            "day": localized.long_day(day),
            "address": settings.KPI_BASE_URL + reverse("learners:data"),
        }
        subject = gettext("You asked us to erase your data")
        _send(account.email if account else learner.email, subject, "erasure_asked", context)


def send_done(address: str, account: User | None, *, account_stays: bool) -> None:
    """Say that the learner is erased; OSError if the mail server does not accept it."""
    with in_language_of(account):
        _send(
            address,
            gettext("Your data were erased"),
            "erasure_done",
            {"account": account, "account_stays": account_stays},
        )


def _send(address: str, subject: str, template: str, context: dict[str, Any]) -> None:
    if address:
        send_mail(address, subject, f"learners/mail/{template}", context)
