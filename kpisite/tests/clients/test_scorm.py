"""SCORM packages on scorm-again, by the module of docs/xapi.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from engagement.models import ModuleProgress
from kpisite.tests.clients.site import Site
from kpisite.tests.clients.store import Store, kinds, scores, verbs
from kpisite.tests.product import wait_until
from statements.vocabulary import SCORM
from statements.xapi_reading import read_statement
from xapi.models import Statement

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# what a package of each version does while its learner fails once and then passes
PACKAGES = {
    "Scorm12API": """
        api.LMSInitialize("");
        api.LMSSetValue("cmi.interactions.0.id", "q 1");
        api.LMSSetValue("cmi.interactions.0.type", "choice");
        api.LMSSetValue("cmi.interactions.0.student_response", "b");
        api.LMSSetValue("cmi.interactions.0.result", "wrong");
        api.LMSSetValue("cmi.core.score.raw", "40");
        api.LMSSetValue("cmi.core.lesson_status", "failed");
        api.LMSCommit("");
        api.LMSCommit("");
        api.LMSSetValue("cmi.core.score.raw", "85");
        api.LMSSetValue("cmi.core.lesson_status", "passed");
        api.LMSSetValue("cmi.core.session_time", "00:02:30");
        return api.LMSFinish("");
    """,
    "Scorm2004API": """
        api.Initialize("");
        api.SetValue("cmi.interactions.0.id", "q 1");
        api.SetValue("cmi.interactions.0.type", "choice");
        api.SetValue("cmi.interactions.0.learner_response", "b");
        api.SetValue("cmi.interactions.0.result", "incorrect");
        api.SetValue("cmi.score.scaled", "0.4");
        api.SetValue("cmi.success_status", "failed");
        api.Commit("");
        api.Commit("");
        api.SetValue("cmi.score.scaled", "0.85");
        api.SetValue("cmi.success_status", "passed");
        api.SetValue("cmi.completion_status", "completed");
        api.SetValue("cmi.session_time", "PT2M30S");
        return api.Terminate("");
    """,
}
START = """async ({version, endpoint, authorization, who}) => {
  const { statementsTo } = await import("/docs/scorm.js");
  const settings = {
    lmsCommitUrl: endpoint, renderCommonCommitFields: true, logLevel: "NONE",
    httpService: statementsTo(endpoint, authorization, who)};
  window.api = new window[version](settings);
}"""


@pytest.fixture
def lms(page: Page, site: Site, tmp_path: Path) -> Page:
    """Return a page with scorm-again and the module of the documentation."""
    text = (Path(settings.BASE_DIR) / "docs" / "xapi.md").read_text()
    (module,) = re.findall(r"```js\n(.*?)```", text, re.DOTALL)
    (tmp_path / "scorm.js").write_text(module)
    site.folders["docs"] = tmp_path
    page.goto(f"{site.url}/lms")
    page.add_script_tag(url="/npm/scorm-again/dist/scorm-again.min.js")
    return page


@pytest.mark.parametrize("version", list(PACKAGES))
def test_what_a_package_commits_becomes_figures(lms: Page, store: Store, version: str) -> None:
    who: dict[str, Any] = {
        "actor": {"account": {"homePage": "https://lms.example.org", "name": "ada"}},
        "unit": "https://units.example.org/means",
        "course": "https://lms.example.org/courses/7",
    }
    store.knows("lms.example.org/courses/7", "units.example.org/means")
    given = {"version": version, "endpoint": store.endpoint, "who": who}
    lms.evaluate(START, given | {"authorization": f"Basic {store.token}"})
    assert lms.evaluate(f"() => {{ {PACKAGES[version]} }}") == "true"
    assert wait_until(lambda: len(verbs()) == 6, seconds=20)

    assert sorted(verbs()) == [
        *("completed", "failed", "initialized", "passed", "responded", "terminated")
    ]
    assert {read_statement(one).profile for one in sent()} == {SCORM}
    assert scores() == [0.4, 0.85]
    assert {"module.started", "module.completed", "question.answered"} <= set(kinds())
    assert ModuleProgress.objects.filter(done_at__isnull=False).count() == 1
    assert (
        store.kpi("engagement.assessment-performance", "lms.example.org/courses/7")["value"] == 85
    )


def sent() -> list[dict[str, Any]]:
    return [json.loads(text) for text in Statement.objects.values_list("sent", flat=True)]
