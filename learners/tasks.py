from __future__ import annotations

from celery import shared_task

from learners.models import ErasureRequest
from learners.own_data import mails


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def mail_erasure_request(pk: int) -> None:
    """Mail a learner that they will be erased, unless they have changed their mind."""
    asked = ErasureRequest.objects.filter(pk=pk, started_at=None)
    if one := asked.select_related("learner__user").first():
        mails.send_asked(one)
