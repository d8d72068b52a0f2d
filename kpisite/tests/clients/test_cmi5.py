"""@xapi/cmi5 in a browser: a unit that an LMS launches reports to the product."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Request

from engagement.models import ModuleProgress
from kpisite.tests.clients.site import Site
from kpisite.tests.clients.store import Store, kinds, scores, texts, verbs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADA = {"objectType": "Agent", "account": {"homePage": "https://lms.example.org", "name": "ada"}}
REGISTRATION = "4b9175ba-367d-4b93-990f-34d4180039f1"
UNIT = "https://units.example.org/means"
PREFIX = "https://w3id.org/xapi/cmi5/context/extensions/"
# what a unit's own code does with the library, one by one
SESSION = """async (calls) => {
  const unit = Cmi5.instance;
  await unit.initialize();
  for (const [name, ...values] of calls) await unit[name](...values);
  return [unit.getLaunchData().moveOn, unit.getLearnerPreferences()];
}"""


class Lms:
    """An LMS that launches a unit in a browser, and keeps its launch data in the store."""

    def __init__(self, page: Page, site: Site, store: Store) -> None:
        self.page, self.site, self.store = page, site, store
        site.answers["/fetch"] = f'{{"auth-token": "{store.token}"}}'
        self.sent: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method in ("PUT", "POST") and "/xapi/statements" in request.url:
            self.sent.append(request.post_data or "")

    def launches(self, *calls: list[Any], move_on: str, mastery: float | None = None) -> Any:
        """Launch the unit; its learner makes it do this."""
        data = {
            # the publisher's id of the unit, and no course
            "contextTemplate": {
                "contextActivities": {"grouping": [{"id": "https://publisher.example/means"}]},
                "extensions": {f"{PREFIX}sessionid": "s1"},
            },
            "launchMode": "Normal",
            "moveOn": move_on,
        } | ({"masteryScore": mastery} if mastery is not None else {})
        of_ada = {"activityId": UNIT, "agent": ADA}
        place = of_ada | {"registration": REGISTRATION, "stateId": "LMS.LaunchData"}
        self.store.call("PUT", "activities/state", data, **place)
        launch = {
            "endpoint": self.store.endpoint,
            "fetch": f"{self.site.url}/fetch",
            "actor": str(ADA).replace("'", '"'),
            "registration": REGISTRATION,
            "activityId": UNIT,
        }
        self.page.goto(f"{self.site.url}/unit?{urlencode(launch)}")
        self.page.add_script_tag(url="/npm/@xapi/cmi5/dist/Cmi5.umd.js")
        return self.page.evaluate(SESSION, list(calls))


@pytest.fixture
def lms(page: Page, site: Site, store: Store) -> Lms:
    return Lms(page, site, store)


def is_done() -> bool:
    return ModuleProgress.objects.filter(done_at__isnull=False).exists()


def test_a_session_is_stored_as_it_was_sent_and_becomes_figures(lms: Lms) -> None:
    languages = {"languagePreference": "de", "audioPreference": "off"}
    where = {"agent": ADA, "profileId": "cmi5LearnerPreferences"}
    lms.store.call("PUT", "agents/profile", languages, **where)
    seen = lms.launches(
        ["progress", 50],
        ["pass", 0.9],
        ["fail", 0.2],
        ["complete"],
        ["terminate"],
        move_on="CompletedAndPassed",
        mastery=0.8,
    )

    assert seen == ["CompletedAndPassed", languages]
    assert texts() == lms.sent
    assert verbs() == [
        *("initialized", "progressed", "passed", "failed", "completed", "terminated")
    ]
    assert scores() == [0.2, 0.9]
    assert kinds().count("module.completed") == 1
    assert is_done()
    # 0.2 and 0.9 of one unit: its best attempt
    figure = lms.store.kpi("engagement.assessment-performance")
    assert (figure["value"], figure["n"]) == (90, 1)


@pytest.mark.parametrize(
    ("move_on", "calls", "done"),
    [
        ("Passed", [["complete"]], False),
        ("Passed", [["pass", 0.8]], True),
        ("Completed", [["pass", 0.8]], False),
        ("CompletedAndPassed", [["complete"]], False),
        ("CompletedOrPassed", [["pass", 0.8]], True),
        ("NotApplicable", [], True),
    ],
)
def test_a_module_is_done_by_the_move_on_of_its_launch(
    lms: Lms, move_on: str, calls: list[Any], *, done: bool
) -> None:
    lms.launches(*calls, move_on=move_on)

    assert is_done() is done


def test_what_the_lms_reports_waives_and_abandons(lms: Lms) -> None:
    lms.launches(move_on="Passed")
    category = [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}]
    for name in ("abandoned", "waived"):
        statement = {
            "actor": ADA,
            "verb": {"id": f"https://w3id.org/xapi/adl/verbs/{name}"},
            "object": {"id": UNIT},
            "context": {
                "registration": REGISTRATION,
                "contextActivities": {"category": category},
                "extensions": {f"{PREFIX}sessionid": "s1"},
            },
        }
        lms.store.call("POST", "statements", statement)

    assert ModuleProgress.objects.get().is_waived


def test_the_library_leaves_out_a_failure_with_no_points(lms: Lms) -> None:
    # its moveOn() takes a score of 0 for none
    lms.launches(["moveOn", {"score": 0}], move_on="Passed", mastery=0.5)

    assert verbs() == ["initialized", "completed", "terminated"]
    assert not is_done()
