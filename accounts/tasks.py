from __future__ import annotations

from celery import shared_task

from accounts import password_links


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def mail_password_link(email: str) -> None:
    """Mail a link by which to set a new password, where there is such an account."""
    password_links.mail_link(email)
