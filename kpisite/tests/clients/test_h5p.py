"""Content on H5P's own player, whose events a page forwards with @xapi/xapi."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from kpisite.tests.clients.site import Site
from kpisite.tests.clients.store import Store, kinds, scores, verbs
from statements.models import Pattern

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# what a page around the player has to do, as its documentation has it
PLAYER = """async ({options, user, xapi}) => {
  const lrs = new XAPI(xapi);
  window.sent = [];
  const place = document.querySelector("main");
  await new H5PStandalone.H5P(place, {...options, user});
  const forward = event => {
    const statement = event.data.statement;
    window.sent.push(lrs.sendStatement({statement}).then(
      () => "stored", error => error.response.data.detail));
  };
  H5P.externalDispatcher.on("xAPI", forward);
}"""


class Player:
    def __init__(self, page: Page, site: Site, store: Store) -> None:
        self.page, self.site, self.store = page, site, store
        site.folders["h5p"] = Path(__file__).parent / "h5p"

    def opens(self, user: dict[str, str] | None) -> None:
        self.page.goto(f"{self.site.url}/content")
        for path in ("h5p-standalone/dist/main.bundle.js", "@xapi/xapi/dist/XAPI.umd.js"):
            self.page.add_script_tag(url=f"/npm/{path}")
        options: dict[str, Any] = {
            "h5pJsonPath": "/h5p",
            "frameJs": "/npm/h5p-standalone/dist/frame.bundle.js",
            "frameCss": "/npm/h5p-standalone/dist/styles/h5p.css",
            # with a user, the content does not appear without these two
            "ajax": {"contentUserDataUrl": "/h5p/user-data.json"},
            "saveFreq": False,
        }
        xapi = {"endpoint": self.store.endpoint, "auth": f"Basic {self.store.token}"}
        self.page.evaluate(PLAYER, {"options": options, "user": user, "xapi": xapi})

    def answers(self, text: str) -> list[str]:
        """Answer the question; return what became of all statements."""
        frame = self.page.frame_locator("iframe")
        before = self.page.evaluate("() => window.sent.length")
        frame.get_by_label("The mean of 1 and 3?").fill(text)
        frame.get_by_role("button", name="Check").click()
        self.page.wait_for_function("before => window.sent.length > before", arg=before)
        return list(self.page.evaluate("() => Promise.all(window.sent)"))


@pytest.fixture
def player(page: Page, site: Site, store: Store) -> Player:
    return Player(page, site, store)


def test_an_answer_is_a_grade_of_the_course_of_its_sender(player: Player) -> None:
    player.opens({"name": "Ada", "mail": "ada@example.com"})
    player.answers("2")

    assert set(player.answers("3")) == {"stored"}
    assert verbs()[-2:] == ["answered", "answered"]
    assert set(Pattern.objects.values_list("profile", flat=True)) == {"h5p"}
    assert scores() == [0, 1]
    assert kinds().count("quiz.attempted") == 2
    assert player.store.kpi("engagement.assessment-performance")["value"] == 100


def test_a_user_without_an_address_is_named_undefined(player: Player) -> None:
    player.opens({"name": "Ada"})

    assert all("mbox" in reason for reason in player.answers("2"))
    assert verbs() == []
