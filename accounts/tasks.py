from __future__ import annotations

from celery import shared_task

from accounts.sign_in import password_links


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def mail_password_link(email: str) -> None:
    """Mail a link to set a new password to the account with this address, if there is one."""
    password_links.mail_link(email)
