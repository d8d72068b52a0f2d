"""A page that is open in a browser while events arrive and processes are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from kpisite.tests.product import Product, clean_environment, free_port, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.browser]

PASSWORD = "ada-and-the-engine"
SCORES = "/kpi-dashboard/engagement.assessment-performance"
# in milliseconds, on a machine that runs all tests at once; see docs/live.md for measurements
SOON, AFTER_A_RESTART = 30_000, 60_000


class Lms:
    """A learning system that sends Bo's grades in one course to a running product."""

    def __init__(self, product: Product, secret: str, course: str) -> None:
        self.address = f"http://127.0.0.1:{product.port}/api/events"
        self.secret, self.course, self.sent = secret, course, 0
        self.sends("enrollment.started", timezone.now() - timedelta(days=30))

    def grades(self, score: float) -> None:
        self.sends("assessment.graded", timezone.now(), object=f"exam-{self.sent}", value=score)

    def sends(self, kind: str, at: datetime, **more: Any) -> None:
        self.sent += 1
        key = f"{self.course}-{self.sent}"
        who = {"learner": "bo", "course": self.course}
        event = {"id": key, "kind": kind, "occurred_at": at.isoformat(), **who, **more}
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        request = Request(self.address, json.dumps(event).encode(), headers)  # noqa: S310
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            assert json.load(answer)["accepted"] == 1


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """Run a whole product for these tests, with Ada as staff."""
    with tempfile.TemporaryDirectory(prefix="kpi-") as folder:
        product = Product(Path(folder), free_port())
        process = product.start()
        try:
            assert wait_until(product.is_complete), product.log()
            words = ("createsuperuser", "--noinput", "--email", "ada@example.com")
            manage(product, *words, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
            yield product
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def secret(product: Product) -> str:
    words = ("create_api_key", "lms", "--scope", "events:write", "--create-unknown")
    return manage(product, *words).strip()


def manage(product: Product, *words: str, **given: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=clean_environment(KPI_DATA_DIR=str(product.folder), **given),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def open_page(browser: Browser, product: Product, course: str) -> Page:
    """Open the scores of a course as Ada."""
    page = browser.new_context().new_page()
    page.goto(f"http://127.0.0.1:{product.port}{SCORES}?course={course}")
    page.locator("[name=username]").fill("ada@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[data-live]")).to_be_visible()
    page.evaluate("window.isTheSame = true")
    return page


def this_month(page: Page) -> Locator:
    return page.locator("tr", has_text=f"{timezone.now():%B %Y}").first


def test_an_event_appears_without_reloading(
    browser: Browser, product: Product, secret: str
) -> None:
    lms = Lms(product, secret, "py")
    page = open_page(browser, product, "py")
    lms.grades(0.5)
    expect(this_month(page)).to_contain_text("50.0%", timeout=SOON)
    lms.grades(0.9)

    # the mean of 50 and 90
    expect(this_month(page)).to_contain_text("70.0%", timeout=SOON)
    assert page.evaluate("window.isTheSame")


@pytest.mark.parametrize("part", ["valkey", "web", "worker"])
def test_a_page_survives_a_killed_process(
    browser: Browser, product: Product, secret: str, part: str
) -> None:
    lms = Lms(product, secret, f"without-{part}")
    page = open_page(browser, product, f"without-{part}")
    victim = product.part(part)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait(timeout=30)
    assert wait_until(product.is_complete), product.log()
    lms.grades(0.5)

    expect(this_month(page)).to_contain_text("50.0%", timeout=AFTER_A_RESTART)
    assert page.evaluate("window.isTheSame")
