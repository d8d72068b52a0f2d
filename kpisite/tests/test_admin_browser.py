from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.people import course, learner, run_of
from curriculum.models import Course, Enrollment, Parameter
from kpis.models import Target
from kpis.tests.measured import measured

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def complaints(page: Page, live_server: LiveServer) -> list[str]:
    """Sign in a superuser; the browser's error messages are added to the returned list."""
    User.objects.create_superuser("ada@example.com", "a long enough one", name="Ada")
    messages: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            messages.append(f"{page.url}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: messages.append(f"{page.url}: {error}"))
    page.goto(f"{live_server.url}/sign-in?next=/admin/")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    return messages


def pages() -> list[str]:
    """Return a list, an add form and a change form of each kind that staff use."""
    made = Course.objects.get(key="py")
    measurement = measured("engagement.video-watch", "2026-10", 15, 20, of=made)
    parameter, target = Parameter.objects.first(), Target.objects.first()
    assert parameter
    assert target
    names = ("course", "enrollment", "parameter", "parameterchange", "learner")
    return [
        *(f"curriculum/{name}/" for name in names),
        *(f"curriculum/{name}/add/" for name in ("course", "enrollment")),
        *(f"accounts/{name}/" for name in ("user", "apikey")),
        *(f"accounts/{name}/add/" for name in ("user", "apikey")),
        f"curriculum/course/{made.pk}/change/",
        f"curriculum/parameter/{parameter.pk}/change/",
        "kpis/target/",
        "kpis/target/add/",
        f"kpis/target/{target.pk}/change/",
        "kpis/measurement/",
        f"kpis/measurement/{measurement.pk}/change/",
        "intake/event/",
        "intake/rejectedevent/",
        "intake/importrun/",
        "engagement/dailyactivity/",
    ]


def test_the_admin_complies_with_the_strict_policy(
    page: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    course("py", modules=2)
    for path in pages():
        page.goto(f"{live_server.url}/admin/{path}")
        expect(page.locator("#content h1").first).to_be_visible()

    assert complaints == []


def test_a_learner_is_chosen_by_typing(
    page: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    learner("Bo")
    run_of(course("py", modules=1))
    page.goto(f"{live_server.url}/admin/curriculum/enrollment/add/")
    for field, typed in (("learner", "bo"), ("run", "py")):
        page.locator(f".field-{field} .select2-selection").click()
        page.locator(".select2-search__field").fill(typed)
        page.locator(".select2-results__option--highlighted").click()
    page.locator(".field-enrolled_at").get_by_text("Today").click()
    page.locator(".field-enrolled_at").get_by_text("Now").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    assert complaints == []
    assert Enrollment.objects.get().plan.count() == 1


def test_a_target_is_raised_on_its_page(
    page: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    target = Target.objects.get(kpi="engagement.depth")
    page.goto(f"{live_server.url}/admin/kpis/target/{target.pk}/change/")
    page.get_by_label("Value").fill("80")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    assert complaints == []
    assert Target.objects.get(kpi="engagement.depth", version=2).value == Decimal(80)
