"""Each page of the URL table obeys WCAG, as far as axe sees: light, dark, and on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.people import account, course, learner, run_of
from kpis.tests.measured import COMPLETION, SCORES, fed, measured
from kpisite.testing.axe import complaints
from kpisite.tests.readable_routes import admin_paths

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visits = Callable[[User | None], Page]
EVERY_ADMIN_PAGE = "KPI_AXE_ADMIN"

FOR_STAFF = (
    *("/kpi-dashboard", f"/kpi-dashboard/{COMPLETION}", "/kpi-wall", "/embedding"),
    *("/alerts", "/experiments", "/experiments/power", "/learners-to-help"),
    *("/curriculum-parameters", "/curriculum-parameters/completion.window-factor"),
    *("/curriculum-framework", "/curriculum-adjustments", "/organizations", "/r"),
    *("/api/docs", "/help", "/help/kpis", "/help/guide/settings", "/whats-new", "/search?q=py"),
    *("/account/password", "/account/second-factor", "/nowhere", "/kpi-dashboard?course=none"),
    *("/admin/", "/admin/kpis/target/", "/admin/accounts/user/add/"),
)
FOR_LEARNERS = ("/my-progress", "/certificates", "/my-data", "/kpi-dashboard", "/help")
FOR_STRANGERS = ("/sign-in", "/account/forgotten", "/privacy", "/r/none", "/surveys/forged")


@pytest.fixture
def visits(browser: Browser, live_server: LiveServer) -> Iterator[Visits]:
    """Open a browser that an account is signed in to; one for all pages that it sees."""

    def open_(user: User | None) -> Page:
        context = browser.new_context(reduced_motion="reduce", base_url=live_server.url)
        if user:
            client = Client()
            client.force_login(user)
            cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
            context.add_cookies([{**cookie, "url": live_server.url}])  # type: ignore[typeddict-item]
        return context.new_page()

    yield open_
    for context in browser.contexts:
        context.close()


def broken(page: Page, paths: Iterator[str] | tuple[str, ...]) -> list[str]:
    return [one for path in paths for one in complaints(page, path)]


def test_staff_have_accessible_pages(visits: Visits) -> None:
    py = course("py", modules=2)
    fed(py)
    measured(COMPLETION, "2026-06", total=90, n=100, of=py)
    measured(SCORES, "2026-06", total=90, n=100)
    ada = User.objects.create_superuser("ada@example.com", name="Ada")

    assert broken(visits(ada), FOR_STAFF) == []


def test_learners_and_strangers_have_accessible_pages(visits: Visits) -> None:
    run_of(course("py"))
    cleo = account("Cleo")
    bo = learner("Cleo")
    bo.user = cleo
    bo.save()

    assert broken(visits(cleo), FOR_LEARNERS) == []
    assert broken(visits(None), FOR_STRANGERS) == []


@pytest.mark.skipif(EVERY_ADMIN_PAGE not in os.environ, reason=f"slow: set {EVERY_ADMIN_PAGE}=yes")
def test_every_list_and_form_of_the_admin_is_accessible(visits: Visits) -> None:
    """The previews of rules answer a POST, which shows figures; their forms are tried here."""
    run_of(course("py", modules=2))
    learner("Bo")
    ada = User.objects.create_superuser("ada@example.com", name="Ada")

    assert broken(visits(ada), _admin_paths()) == []


def _admin_paths() -> Iterator[str]:
    yield from admin_paths()
    for model, options in admin.site._registry.items():
        if type(options).has_add_permission is admin.ModelAdmin.has_add_permission:
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
