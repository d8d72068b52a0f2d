"""Every list and form of the admin: found by search or filters, with a history, quick to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.text import capfirst
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User
from accounts.tests.people import course
from curriculum.models import Course
from kpis.tests.measured import staff
from kpis.tests.visitors import _in_july_2026
from kpisite.tests.test_growth_with_history import make_a_quarter

__all__ = ["_in_july_2026"]
ADMINS = sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label)
# a few rows of one kind, or always the latest first
WITHOUT_SEARCH = {
    "alerts.evaluationrun": "one row per evaluation, by date",
    "alerts.pendingevaluation": "at most one row",
    "improvement.automaticbudget": "one row",
    "kpis.recomputerun": "one row per run, by date",
    "kpis.verification": "one row per run, by date",
    "outcomes.topicrun": "one row per run, by date",
}


def place(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


@pytest.mark.once
@pytest.mark.parametrize(("model", "shown"), ADMINS, ids=str)
def test_rows_are_found_by_search_or_filters(model: type[Model], shown: Any) -> None:
    is_listed = model._meta.label_lower in WITHOUT_SEARCH

    assert bool(shown.search_fields or shown.list_filter or shown.date_hierarchy) or is_listed
    assert len(shown.list_display) > 1 or is_listed


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "shown"), ADMINS, ids=str)
def test_a_list_has_the_name_of_its_rows_as_title(
    model: type[Model], shown: Any, client: Client
) -> None:
    client.force_login(staff())
    page = client.get(place(model)).content.decode()
    name = capfirst(str(model._meta.verbose_name_plural))

    assert f"<title>{name} · Learning KPIs</title>" in page
    assert f"<h1>{name}</h1>" in page
    assert "<h1>Select" in client.get(f"{place(model)}?_popup=1").content.decode()


def rows_with_paths(client: Client) -> Iterator[tuple[type[Model], str]]:
    for model, _ in ADMINS:
        rows = client.get(place(model)).context["cl"].result_list
        if rows:
            yield model, f"{place(model)}{rows[0].pk}/"


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.usefixtures("_in_july_2026")
def test_lists_make_no_query_per_row_and_rows_have_a_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_a_quarter()
    client = Client()
    client.force_login(User.objects.get(name="Ada"))
    found, per_row, without_history = 0, {}, []
    for model, row in rows_with_paths(client):
        found += 1
        counts = {rows: queries(client, model, rows, monkeypatch) for rows in (1, 5)}
        # a list of one page lacks the query that counts all rows
        if counts[5] > counts[1] + 1:
            per_row[model._meta.label_lower] = counts
        page = client.get(f"{row}change/", follow=True).content.decode()
        if f'href="{row}history/"' not in page or client.get(f"{row}history/").status_code != 200:
            without_history.append(row)

    assert found > 40
    assert per_row == {}
    assert without_history == []


def queries(client: Client, model: type[Model], rows: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(admin.site._registry[model], "list_per_page", rows)
    with CaptureQueriesContext(connection) as made:
        assert client.get(place(model)).status_code == 200, place(model)
    return len(made)


@pytest.fixture
def staff_page(page: Page, live_server: LiveServer) -> Page:
    """Sign in a superuser on a site with a course and an API key that was changed once."""
    client = Client()
    client.force_login(staff())
    made = course("py", modules=2)
    create_api_key("lms", ["events:write"], courses=[made])
    client.post(f"/admin/curriculum/course/{made.pk}/change/", {"title": ""})
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    return page


PAGES = (
    *("", "curriculum/course/", "curriculum/course/add/", "curriculum/course/{course}/change/"),
    *("curriculum/course/{course}/history/", "curriculum/course/{course}/delete/"),
    *("accounts/apikey/", "accounts/apikey/{key}/change/", "accounts/apikey/{key}/rotate/"),
    *("accounts/user/add/", "kpis/target/", "alerts/alert/"),
)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_in_both_themes(
    staff_page: Page, live_server: LiveServer, scheme: Any
) -> None:
    staff_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    pks = {"course": Course.objects.get().pk, "key": ApiKey.objects.get().pk}
    found: dict[str, Any] = {}
    for path in PAGES:
        staff_page.set_viewport_size({"width": 1280, "height": 900})
        staff_page.goto(f"{live_server.url}/admin/{path.format(**pks)}")
        found |= {f"{path}: {rule}": places for rule, places in problems(staff_page).items()}
        for width in (1280, 390):
            staff_page.set_viewport_size({"width": width, "height": 844})
            if staff_page.evaluate("document.documentElement.scrollWidth") > width:
                found[f"{path} at {width}"] = "wider than the window"

    assert found == {}


def problems(page: Page) -> dict[str, list[str]]:
    """Return the places that break each rule of axe."""
    violations = Axe().run(page).response["violations"]
    return {one["id"]: [str(node["target"]) for node in one["nodes"]] for one in violations}
