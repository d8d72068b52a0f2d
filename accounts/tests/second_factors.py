"""Accounts with a second factor, and the pages where they enter it."""

from __future__ import annotations

from io import StringIO
from typing import Any

from django.core.management import call_command
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.sign_in import second_factor
from accounts.tests.people import account

DOORS = ("/sign-in", "/admin/login/")
CODE, SET_UP, OWN = "/sign-in/code", "/account/second-factor/set-up", "/account/second-factor"
MAIL, QR_CODE = "/account/second-factor/mail", "/account/second-factor/qr.svg"


def code_of(user: User, *, steps_ahead: int = 0) -> str:
    """Return what the app of the account shows now, or in some half minutes."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, t0=-30 * steps_ahead):06}"


def with_factor(name: str = "Ada", **fields: Any) -> tuple[User, list[str]]:
    """Create an account whose app has shown the code before the present one; with its codes."""
    user = account(name, **fields)
    device = second_factor.renew_device(user)
    codes = second_factor.set_up(user, device, code_of(user, steps_ahead=-1))
    assert codes
    return user, codes


def half_signed_in(door: str = "/sign-in", **data: str) -> Client:
    client = Client()
    client.post(door, {"username": "ada@example.com", "password": "secret", **data})
    return client


def wait() -> None:
    """Let the seconds pass in which nobody may try after a wrong code."""
    for model in (TOTPDevice, StaticDevice):
        model.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)


def enter(client: Client, code: str, **data: str) -> Any:
    return client.post(CODE, {"code": code, **data})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/password").status_code == 200


def reset(email: str) -> str:
    shown = StringIO()
    call_command("reset_second_factor", email, stdout=shown)
    return shown.getvalue()
