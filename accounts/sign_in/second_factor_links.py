"""Links to set up a second factor that is required, sent by e-mail or printed by a command.

A password alone must not be enough: whoever knows it would choose the second factor, too. A link
belongs to one secret, so a new link, the set-up and a reset make all former ones worthless.
"""

from __future__ import annotations

from contextlib import suppress

from celery import current_app
from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.languages import in_language_of
from accounts.mails import send_mail
from accounts.models import User
from accounts.sign_in import second_factor
from accounts.sign_in.digests import account_digest
from accounts.sign_in.password_links import MAILS_PER_ACCOUNT, count_within_hour, hours_valid

TASK = "accounts.tasks.mail_second_factor_link"
SALT = "accounts.second-factor"


def request_link(user: User) -> bool:
    """Queue a mail with a link; False if there were enough within the hour.

    Raises one of `core.task_queue.UNREACHABLE` when the broker cannot be reached.
    """
    if count_within_hour(f"second-factor-{account_digest(user.email)}") > MAILS_PER_ACCOUNT:
        return False
    current_app.send_task(TASK, args=[user.pk], retry=False)
    return True


def link_of(user: User) -> str:
    """Return the full URL of a new secret's set-up, valid for some hours, and until it is used."""
    token = signing.dumps(second_factor.proof_of(second_factor.renew_device(user)), salt=SALT)
    return settings.KPI_BASE_URL + reverse("second-factor-link", args=[token])


def opened(token: str) -> TOTPDevice | None:
    """Return the app that a link is for, if it is still to be set up; None for any other link."""
    with suppress(signing.BadSignature):
        proof = signing.loads(token, salt=SALT, max_age=settings.PASSWORD_RESET_TIMEOUT)
        for device in TOTPDevice.objects.filter(confirmed=False, pk=proof.partition("-")[0]):
            if second_factor.proof_of(device) == proof:
                return device
    return None


def mail_link(pk: int) -> None:
    """Mail a link to an open account that needs a second factor and has none.

    OSError when the mail server does not accept the mail.
    """
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or second_factor.is_set_up(user) or not second_factor.is_required(user):
        return
    with in_language_of(user):
        context = {"account": user, "address": link_of(user), "hours": hours_valid()}
        send_mail(
            user.email, gettext("Set up your second factor"), "accounts/mail/second_factor", context
        )
