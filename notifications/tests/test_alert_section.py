"""The page of an alert says who was notified, by which channel and when."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.tests.people import account, course
from kpis.tests.visitors import Visitor
from notifications.models import Notification
from notifications.tests.notifying import NOON, create_alert, only_channel, record

pytestmark = pytest.mark.django_db


def test_staff_see_addresses_and_managers_how_many(admin_user: User) -> None:
    python = course("py")
    bo = account("Bo", grants=(python,))
    only_channel("email", "ada@example.com, cleo@example.com")
    alert = create_alert(python)
    record(alert)
    Notification.objects.update(state="sent", sent_at=NOON)

    row = "15 Jul 2026, 12:00 Opened By email (E-mail)"
    assert f"{row} ada@example.com, cleo@example.com Sent" in Visitor(admin_user).reads(
        f"/alerts/{alert.pk}"
    )
    text = Visitor(bo).reads(f"/alerts/{alert.pk}")
    assert f"{row} 2 addresses Sent" in text
    assert "ada@example.com" not in text


def test_a_channel_in_the_product_reaches_everyone_who_may_see_the_alert(
    admin_user: User,
) -> None:
    only_channel("in_app")
    alert = create_alert()
    record(alert)

    text = Visitor(admin_user).reads(f"/alerts/{alert.pk}")
    assert "Everyone who may see this alert" in text


def test_errors_and_secret_addresses_of_webhooks_stay_with_staff(admin_user: User) -> None:
    python = course("py")
    bo = account("Bo", grants=(python,))
    only_channel("slack", "https://hooks.example.com/secret")
    alert = create_alert(python)
    record(alert)
    Notification.objects.update(state="dead", last_error="404 from the host")

    text = Visitor(bo).reads(f"/alerts/{alert.pk}")
    assert "Failed permanently" in text
    assert "404 from the host" not in text
    assert "404 from the host" in Visitor(admin_user).reads(f"/alerts/{alert.pk}")
    assert "/secret" not in text
