"""The pages of learners on a phone and a desk, and as a screen reader has them."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from business.referral_codes import code_of
from learners.own_data import erasures
from learners.tests.studies import NOW, did, enrolled, finished, graded, school, with_account
from outcomes.models import CertificateCode

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture
def session() -> str:
    """Return the session of Ada, who has something in each part of her page."""
    school("py", "sql")
    user = with_account()
    enrolled("ada")
    did("ada", "enrollment.started", "2026-01-05", course="sql")
    finished("ada", "m1", "m2", at="2026-01-08")
    for number, score in enumerate((0.4, 0.6, 0.7, 0.9)):
        graded("ada", score, f"2026-01-{6 + number:02}", object=f"quiz {number}")
    did("ada", "skill.assessed", "2026-01-08", object="sql", value=0.9)
    did("ada", "certificate.earned", "2026-01-09", data={"number": "PY-7"})
    code_of(user.learner)
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def opened(browser: Browser, site: str, path: str, session: str, **options: object) -> Page:
    context = browser.new_context(**options)  # type: ignore[arg-type]
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{site}{path}")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_pages_are_accessible_and_never_wider_than_the_screen(
    browser: Browser, live_server: LiveServer, session: str, size: dict[str, int], scheme: str
) -> None:
    code = CertificateCode.objects.get()
    found = {}
    for path in ("/my-progress", "/certificates", f"/certificates/{code}", "/my-data"):
        page = opened(browser, live_server.url, path, session, viewport=size, color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        width = page.evaluate("document.documentElement.scrollWidth")
        wrong = [one["id"] for one in Axe().run(page).response["violations"]]
        if wrong or width > size["width"]:
            found[path] = (wrong, width)
        page.context.close()

    assert found == {}


def test_no_page_is_wider_than_a_phone_with_text_twice_as_large(
    browser: Browser, live_server: LiveServer, session: str
) -> None:
    for number in range(10):
        enrolled(f"other {number}")
        graded(f"other {number}", number / 10, "2026-01-06", object="quiz 1")
    widths = {}
    for path in ("/my-progress", "/certificates", "/my-data", "/organizations"):
        page = opened(browser, live_server.url, path, session, viewport=PHONE)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
        page.context.close()

    assert widths == dict.fromkeys(widths, PHONE["width"])


def test_a_screen_reader_gets_the_progress_in_order(
    browser: Browser, live_server: LiveServer, session: str
) -> None:
    page = opened(
        browser, live_server.url, "/my-progress", session, viewport=PHONE, java_script_enabled=False
    )

    expect(page.get_by_role("main")).to_match_aria_snapshot(
        """
        - main:
          - heading "Your progress" [level=1]
          - region "At a glance":
            - heading "At a glance" [level=2]
            - term: Due next
            - definition
            - term: Active weeks in a row
            - definition
            - term: Watched
            - definition: 0 min
            - term: Average result
            - definition: 65%
          - region "Your courses":
            - heading "Your courses" [level=2]
            - article "Course sql":
              - heading "Course sql" [level=3]
              - paragraph: r1
              - paragraph: /You are \\d+ days behind the plan\\. Next. Module 1, which was due on/
              - paragraph:
                - progressbar "0 of 2 required modules done (0% of the work)"
            - article "Course py":
              - heading "Course py" [level=3]
              - paragraph: r1
              - paragraph: You finished this course on 8 January 2026.
              - paragraph:
                - progressbar "2 of 2 required modules done (100% of the work)"
          - region "Quiz and exam results":
            - paragraph: /Your latest 2 results average 80%, the 2 before them 50%/
            - list:
              - listitem:
                - text: Module 1
                - strong: 90%
                - text: passed, 9 January 2026
          - region "Skills"
          - region "Certificates":
            - list:
              - listitem:
                - link "Course py"
          - region "Learn together":
            - paragraph:
              - link
        """
    )


def test_asking_for_erasure_and_withdrawing_it(
    browser: Browser, live_server: LiveServer, session: str
) -> None:
    page = opened(browser, live_server.url, "/my-data", session, viewport=PHONE)
    page.get_by_label("Your password").fill("secret")
    page.get_by_role("button", name="Ask for erasure").click()
    expect(page.get_by_text("You asked us on")).to_be_visible()
    page.get_by_role("button", name="Withdraw the request").click()

    expect(page.get_by_text("You withdrew your request. Your data stay.")).to_be_visible()
    assert erasures.carry_out_due(NOW.replace(year=2999)) == 0
