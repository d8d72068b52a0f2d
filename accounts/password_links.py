"""Links by which somebody sets a new password: mailed when asked for, printed for a new account."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from secrets import token_urlsafe

from celery import current_app
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from accounts.languages import in_language_of
from accounts.models import User
from accounts.sign_in_limits import account_digest, digest

TASK = "accounts.tasks.mail_password_link"
# what says that the broker is away
AWAY = (OperationalError, RedisError, OSError)
# mails in an hour, so that nobody's mailbox is filled by a stranger
MOST_TO_ONE, MOST_FROM_ONE, HOUR = 3, 20, 3600


def ask_for_link(email: str, *, place: str) -> None:
    """Have the worker look for the account and write to it: here, the time taken would tell.

    `place` is the network address that asks. One of AWAY when the broker is away.
    """
    limits = {digest(place): MOST_FROM_ONE, account_digest(email): MOST_TO_ONE}
    if all(_counted(name) <= most for name, most in limits.items()):
        current_app.send_task(TASK, args=[email], retry=False)


def invite(accounts: Iterable[User]) -> int:
    """Have a link mailed to open accounts, also to those without a password; returns how many.

    One of AWAY when the broker is away.
    """
    invited = [one for one in accounts if one.is_active]
    for account in invited:
        if not account.has_usable_password():
            # one that nobody knows: an account without any is sent no link
            account.set_password(token_urlsafe(32))
            account.save(update_fields=["password"])
        current_app.send_task(TASK, args=[account.email], retry=False)
    return len(invited)


def _counted(name: str) -> int:
    """How often it was asked for within the hour, this time included."""
    key = f"password-link-{name}"
    cache.add(key, 0, HOUR)
    # the hour may end in between
    with suppress(ValueError):
        return int(cache.incr(key))
    return 1


def mail_link(email: str) -> None:
    """Write to the open account with this address, if there is one that has a password.

    OSError when the mail server does not take it.
    """
    account = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if account is None or not account.has_usable_password():
        return
    with in_language_of(account):
        _letter(account).send()


def _letter(account: User) -> EmailMultiAlternatives:
    context = {"account": account, "address": link_of(account), "hours": hours()}
    mail = EmailMultiAlternatives(
        subject=gettext("Set a new password"),
        body=render_to_string("accounts/mail/password.txt", context),
        to=[account.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("accounts/mail/password.html", context), "text/html")
    return mail


def link_of(account: User) -> str:
    """The whole address. It is good once, and until the account signs in or some hours are over."""
    who = urlsafe_base64_encode(force_bytes(account.pk))
    token = default_token_generator.make_token(account)
    return settings.KPI_BASE_URL + reverse("set-password", args=[who, token])


def hours() -> int:
    return int(settings.PASSWORD_RESET_TIMEOUT // HOUR)
