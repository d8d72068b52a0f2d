"""Links to set a new password, sent by e-mail or printed for a new account."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from secrets import token_urlsafe

from celery import current_app
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext

from accounts.languages import in_language_of
from accounts.mails import send_mail
from accounts.models import User
from accounts.sign_in.digests import account_digest, digest

TASK = "accounts.tasks.mail_password_link"
# limits per hour, so that a stranger cannot flood somebody's mailbox
MAILS_PER_ACCOUNT, REQUESTS_PER_ADDRESS, HOUR = 3, 20, 3600


def request_link(email: str, *, ip_address: str) -> None:
    """Queue a mail with a link for the account with this address, if there is one.

    The worker looks the account up: here, the response time would reveal whether it exists.
    Raises one of `core.task_queue.UNREACHABLE` when the broker cannot be reached.
    """
    limits = {digest(ip_address): REQUESTS_PER_ADDRESS, account_digest(email): MAILS_PER_ACCOUNT}
    if all(count_within_hour(name) <= limit for name, limit in limits.items()):
        current_app.send_task(TASK, args=[email], retry=False)


def invite(accounts: Iterable[User]) -> int:
    """Queue a mail with a link for each open account; returns how many there are.

    Raises one of `core.task_queue.UNREACHABLE` when the broker cannot be reached.
    """
    invited = [one for one in accounts if one.is_active]
    for account in invited:
        if not account.has_usable_password():
            # a random one: mail_link skips accounts without a password
            account.set_password(token_urlsafe(32))
            account.save(update_fields=["password"])
        current_app.send_task(TASK, args=[account.email], retry=False)
    return len(invited)


def count_within_hour(name: str) -> int:
    """Count this request, and return how many there were within the hour."""
    key = f"password-link-{name}"
    cache.add(key, 0, HOUR)
    # the key may expire in between
    with suppress(ValueError):
        return int(cache.incr(key))
    return 1


def mail_link(email: str) -> None:
    """Mail a link to the open account with this address, unless it has no password.

    OSError when the mail server does not accept the mail.
    """
    account = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if account is None or not account.has_usable_password():
        return
    with in_language_of(account):
        context = {"account": account, "address": link_of(account), "hours": hours_valid()}
        send_mail(account.email, gettext("Set a new password"), "accounts/mail/password", context)


def link_of(account: User) -> str:
    """Return the full URL, valid for some hours, once, and until the account signs in."""
    who = urlsafe_base64_encode(force_bytes(account.pk))
    token = default_token_generator.make_token(account)
    return settings.KPI_BASE_URL + reverse("set-password", args=[who, token])


def hours_valid() -> int:
    return int(settings.PASSWORD_RESET_TIMEOUT // HOUR)
