"""Learners ask to be erased, may change their minds for some days, and are erased at night."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.audit import Action, record
from accounts.models import User
from accounts.personal_data import OF_LEARNERS
from core.task_queue import enqueue_all
from curriculum.erasing import erase
from curriculum.models import Learner
from learners.models import ErasureRequest
from learners.own_data import mails

logger = logging.getLogger(__name__)

TASK = "learners.tasks.mail_erasure_request"


@transaction.atomic
def ask(learner: Learner, now: datetime) -> ErasureRequest:
    """Return the learner's request; asking again neither makes a second one nor moves its day."""
    due_at = now + timedelta(days=settings.KPI_ERASURE_WAIT_DAYS)
    asked, is_new = ErasureRequest.objects.get_or_create(
        learner=learner, defaults={"asked_at": now, "due_at": due_at}
    )
    if is_new:
        logger.info("Learner %s asked to be erased", learner.pk)
        otherwise = "a learner gets no e-mail about their request"  # not translated: a log
        transaction.on_commit(lambda: enqueue_all(TASK, [[asked.pk]], otherwise=otherwise))
    return asked


def withdraw(learner: Learner) -> bool:
    """Forget the request; False if there is none, or it is being carried out."""
    withdrawn, _ = ErasureRequest.objects.filter(learner=learner, started_at=None).delete()
    if withdrawn:
        logger.info("Learner %s withdrew the request to be erased", learner.pk)
    return bool(withdrawn)


def carry_out_due(now: datetime) -> int:
    """Erase the learners whose day has come, each in a transaction; return how many."""
    due = ErasureRequest.objects.filter(due_at__lte=now)
    due.filter(started_at=None).update(started_at=now)
    started = ErasureRequest.objects.exclude(started_at=None)
    rows = list(started.select_related("learner__user"))
    for one in rows:
        _carry_out(one.learner)
    return len(rows)


def _carry_out(learner: Learner) -> None:
    # afterwards, nothing says where to write to
    account, address = learner.user, address_of(learner)
    with transaction.atomic():
        erase(learner)
        record(None, Action.ERASED, about=Learner, row=learner.pk)
    is_kept = account is not None and User.objects.filter(pk=account.pk).exists()
    try:
        mails.send_done(address, account, account_stays=is_kept)
    # ValueError: the address is invalid
    except (OSError, ValueError) as error:
        # not queued: that would store the address
        logger.warning("Learner %s was erased; the e-mail failed: %s", learner.pk, type(error))


def keeps_account(user: User) -> bool:
    """Return whether an account stays when its learner is erased: that of somebody who works here.

    See `accounts.personal_data`.
    """
    return not User.objects.filter(OF_LEARNERS, pk=user.pk).exists()


def address_of(learner: Learner) -> str:
    """Return the address of the account, or else of the learner; empty if neither has one."""
    return learner.user.email if learner.user else learner.email
