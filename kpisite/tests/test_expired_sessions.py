"""A form sent after the session has expired: signing in leads to a page, not to an error."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from accounts.tests.people import account
from kpisite.tests.readable_routes import named
from kpisite.tests.test_access import rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]
NOT_ALLOWED = 405
# signing out needs no session, and the list of an app takes names of apps only
NO_PAGES = {"admin:logout", "admin:app_list"}


def pages_after_signing_in() -> dict[str, str]:
    """Return where signing in leads after each POST of a stranger, by the path of the POST."""
    found = {}
    for method, path, _ in rows():
        if method == "POST" and not path.startswith("/api/"):
            asked = urlsplit(Client().post(path).headers.get("Location", ""))
            if "next" in (query := parse_qs(asked.query)):
                found[path] = query["next"][0]
    return found


def not_allowed(client: Client, paths: Iterable[str]) -> set[str]:
    return {path for path in paths if client.get(path).status_code == NOT_ALLOWED}


def test_signing_in_again_after_a_form_leads_to_a_page() -> None:
    client, pages = Client(), pages_after_signing_in()
    client.force_login(account("Cleo", is_staff=True))

    assert not_allowed(client, pages.values()) == set()
    assert {"/alerts/read", "/alerts/1", "/embedding/new", "/my-data/erasure"} <= pages.keys()


def test_forms_of_the_admin_lead_to_pages_as_well() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", password=None))
    paths = [
        reverse(name, kwargs=dict.fromkeys(one.pattern.regex.groupindex, 1))
        for name, one in named(get_resolver())
        if name.startswith("admin:") and name not in NO_PAGES
    ]

    assert not_allowed(client, paths) == set()
    assert reverse("admin:alerts_alertrule_preview") in paths
