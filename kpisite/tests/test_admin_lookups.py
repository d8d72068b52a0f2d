"""The address of a list in the admin filters by nothing that its page does not show."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from accounts.tests.admin_pages import staff
from accounts.tests.people import account
from alerts.models import Alert
from notifications.models import Channel
from notifications.tests.notifying import create_alert

pytestmark = pytest.mark.django_db

REFUSED = 400
SECRETS = ("secret", "digest", "password", "private_key", "payload", "session_data", "code_digest")


@pytest.mark.parametrize("lookup", ["value__gt=0.5", "n__lt=10", "worst_gap__gt=0", "target=1"])
def test_figures_of_alerts_cannot_be_guessed_by_filtering(client: Client, lookup: str) -> None:
    create_alert(value=0.7, n=3)
    staff(client, "view_alert")

    assert client.get(f"/admin/alerts/alert/?{lookup}").status_code == REFUSED


@pytest.mark.parametrize("lookup", ["secret__startswith=a", "address__startswith=h"])
def test_the_secret_of_a_channel_cannot_be_spelled_out(client: Client, lookup: str) -> None:
    Channel.objects.create(name="chat", kind="slack", address="https://hooks.example/secret")
    staff(client, "view_channel")

    assert client.get(f"/admin/notifications/channel/?{lookup}").status_code == REFUSED


def test_no_list_filters_by_a_secret_not_even_for_superusers() -> None:
    request = RequestFactory().get("/")
    request.user = account("Root", is_staff=True, is_superuser=True)
    pages = admin.site._registry.items()
    guessed = [
        f"{model._meta.label}.{field.name}"
        for model, page in pages
        for field in model._meta.fields
        if field.name in SECRETS and page.lookup_allowed(f"{field.name}__startswith", "a", request)
    ]

    assert guessed == []


def test_lists_filter_by_what_they_show(client: Client) -> None:
    alert = create_alert(value=0.7)
    staff(client, "view_alert")
    filters = f"state={alert.state}&opened_at__year=2026&id={alert.pk}&owner__isnull=True"
    response = client.get(f"/admin/alerts/alert/?{filters}")

    assert list(response.context["cl"].result_list) == list(Alert.objects.all())
