from __future__ import annotations

from typing import Any

from celery import shared_task
from django.db import OperationalError

from accounts import api_key_use
from accounts.models import AccessRecord
from accounts.sign_in import invitations, password_links, second_factor_links


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def mail_password_link(email: str) -> None:
    """Mail a link to set a new password to the account with this address, if there is one."""
    password_links.mail_link(email)


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def mail_second_factor_link(pk: int) -> None:
    """Mail a link to set up a second factor to an account that needs one."""
    second_factor_links.mail_link(pk)


@shared_task
def store_key_use() -> None:
    """Store the requests of API keys that were counted since the last time."""
    api_key_use.store_counts()


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def mail_invitation(pk: int) -> None:
    """Mail the link of an open invitation."""
    invitations.mail_invitation(pk)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=10)
def store_access_record(**fields: Any) -> None:
    """Store who saw data of people, where the request could not wait for another writer."""
    AccessRecord.objects.create(**fields)
