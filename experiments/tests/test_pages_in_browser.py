from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from curriculum.models import Learner
from experiments import forcing
from experiments.analysis.analyze import analyze
from experiments.models import Experiment
from experiments.tests.analyzed import LATER, analyzed
from experiments.tests.trials import DAY, draft, start
from kpis.tests.kernel import run_of
from kpis.tests.measured import staff

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("few_kpis", "_in_july_2026")]

Opens = Callable[..., Page]
# pixels of an A4 page between its margins, and what of a table lies beyond its frame
PAPER_WIDTH = 680
CUT_OFF = """all => all
    .filter(one => one.scrollWidth > document.documentElement.clientWidth
        || one.scrollHeight > one.clientHeight + 1)
    .map(one => one.getAttribute("aria-labelledby"))"""
PATHS = [
    "/experiments",
    "/experiments/new",
    "/experiments/power",
    "/experiments/strict-marks",
    "/experiments/running",
    "/experiments/a-draft",
    "/experiments/a-draft/edit",
]


@pytest.fixture
def opens(
    browser: Browser, live_server: LiveServer, few_kpis: None, _in_july_2026: None
) -> Iterator[Opens]:
    """Open a page as Ada of the staff; one experiment has results, one has none, one is a draft."""
    run = run_of("r1")
    analyzed(run)
    draft("a-draft", courses=[run.course])
    start(draft("running", courses=[run_of("s1", course="sql").course], only_new=True))
    client = Client()
    client.force_login(staff())
    session = client.cookies["sessionid"].value

    def open_(path: str, **window: Any) -> Page:
        context = browser.new_context(reduced_motion="reduce", **window)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    yield open_
    for context in browser.contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_pages_are_accessible(opens: Opens, path: str, scheme: str) -> None:
    found = Axe().run(opens(path, color_scheme=scheme))

    assert [one["id"] for one in found.response["violations"]] == []


@pytest.mark.parametrize("path", PATHS)
def test_pages_fit_a_phone(opens: Opens, path: str) -> None:
    page = opens(path, viewport={"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_draft_is_checked_without_javascript(opens: Opens) -> None:
    page = opens("/experiments/a-draft/edit", java_script_enabled=False)

    page.get_by_role("button", name="Check without saving").click()

    assert page.get_by_role("heading", name="Checklist").is_visible()


def test_a_page_is_printed_completely_and_without_controls(opens: Opens) -> None:
    experiment = Experiment.objects.get(key="strict-marks")
    for day in range(1, 30):
        analyze(experiment, now=LATER + day * DAY)
    learner = Learner.objects.order_by("pk")[0]
    strict = experiment.variants.get(key="strict")
    forcing.force(experiment, learner, strict, None, reason="To try it.")
    page = opens("/experiments/strict-marks")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_WIDTH, "height": 1000})

    for name in (
        "Verdict", "Variants and units", "Effects", "Plan", "Forced variants", "History",
        "Raw sums of the variants",
    ):  # fmt: skip
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    for control in page.locator("main form, main button, main summary").all():
        expect(control).to_be_hidden()
    # nothing needs scrolling, which paper cannot do
    assert page.locator(".scroll").evaluate_all(CUT_OFF) == []


def test_the_end_is_changed_by_keyboard(opens: Opens) -> None:
    page = opens("/experiments/running", java_script_enabled=False)

    page.get_by_text("Change the plan while it runs").focus()
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="Change the plan")
    form.get_by_label("Planned end").fill("2026-12-01")
    form.get_by_label("Reason").fill("Too few.")
    form.get_by_role("button", name="Change the plan").click()

    expect(page.get_by_text("The plan has changed; this is shown as a deviation.")).to_be_visible()
