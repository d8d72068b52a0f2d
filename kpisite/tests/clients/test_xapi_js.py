"""@xapi/xapi in a browser, on a page of another origin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from kpisite.tests.clients.site import Site
from kpisite.tests.clients.store import Store, kinds, scores, texts, verbs
from xapi.models import SenderRules

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADA = {"objectType": "Agent", "mbox": "mailto:ada@example.com"}
BO = {"objectType": "Agent", "mbox": "mailto:bo@example.com"}
UNIT = "https://units.example.org/means"


def sent(verb: str, **more: Any) -> dict[str, Any]:
    return {
        "actor": ADA,
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}", "display": {"de-DE": "prüfte"}},
        "object": {"objectType": "Activity", "id": UNIT},
        **more,
    }


class Content:
    """A page with the library, which calls the store with credentials of its own."""

    def __init__(self, page: Page, site: Site, store: Store) -> None:
        self.page, self.store = page, store
        page.goto(f"{site.url}/content")
        page.add_script_tag(url="/npm/@xapi/xapi/dist/XAPI.umd.js")

    def does(
        self, code: str, *, adapter: str = "axios", version: str = "1.0.3", **given: Any
    ) -> Any:
        """Run code with the library as `lrs`."""
        options = {
            "endpoint": self.store.endpoint,
            "auth": f"Basic {self.store.token}",
            "adapter": adapter,
            "version": version,
        }
        start = "const lrs = new XAPI(options);"
        return self.page.evaluate(
            f"async ({{options, given}}) => {{ {start} {code} }}",
            {"options": options, "given": given},
        )


@pytest.fixture
def content(page: Page, site: Site, store: Store) -> Content:
    return Content(page, site, store)


@pytest.mark.parametrize("adapter", ["axios", "fetch"])
@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_statements_are_stored_as_sent_and_count(
    content: Content, adapter: str, version: str
) -> None:
    passed = sent("passed", result={"score": {"scaled": 0.75}, "success": True})
    ids = content.does(
        "return (await lrs.sendStatements({statements: given.some})).data;",
        some=[sent("experienced"), passed],
        adapter=adapter,
        version=version,
    )

    assert len(ids) == 2
    assert [json.loads(text) for text in texts()] == [sent("experienced"), passed]
    assert '"prüfte"' in texts()[0]
    assert kinds() == ["assessment.graded", "content.viewed", "enrollment.started"]
    assert scores() == [0.75]
    assert content.store.kpi("engagement.assessment-performance")["value"] == 75


def test_pages_follow_each_other(content: Content) -> None:
    found = content.does(
        """
        await lrs.sendStatements({statements: given.some});
        const found = [];
        let page = (await lrs.getStatements({limit: 2, ascending: true})).data;
        found.push(...page.statements);
        while (page.more) {
          page = (await lrs.getMoreStatements({more: page.more})).data;
          found.push(...page.statements);
        }
        return found.map(one => one.verb.id.split("/").pop());
        """,
        some=[sent(verb) for verb in ("launched", "experienced", "exited", "suspended", "resumed")],
    )

    assert found == ["launched", "experienced", "exited", "suspended", "resumed"]


def test_documents_are_changed_by_the_etag_that_a_browser_may_read(content: Content) -> None:
    seen = content.does(
        """
        const place = {agent: given.who, activityId: given.unit, profileId: "p", stateId: "s"};
        await lrs.createState({...place, state: {page: 1}});
        await lrs.createState({...place, state: {mark: 2}});
        const merged = (await lrs.getState(place)).data;
        await lrs.setActivityProfile(
          {...place, profile: {a: 1}, etag: "*", matchHeader: "If-None-Match"});
        const etag = (await lrs.getActivityProfile(place)).headers.etag;
        await lrs.setActivityProfile({...place, profile: {a: 2}, etag, matchHeader: "If-Match"});
        const late = await lrs.setActivityProfile(
          {...place, profile: {a: 3}, etag, matchHeader: "If-Match"}).catch(
          error => error.response.status);
        await lrs.deleteState(place);
        const gone = await lrs.getState(place).catch(error => error.response.status);
        return [merged, late, (await lrs.getActivityProfile(place)).data, gone];
        """,
        who=ADA,
        unit=UNIT,
    )

    assert seen == [{"page": 1, "mark": 2}, 412, {"a": 2}, 404]


def test_voiding_takes_the_grade_back(content: Content) -> None:
    content.does(
        """
        const id = (await lrs.sendStatement({statement: given.one})).data[0];
        await lrs.voidStatement({actor: given.one.actor, statementId: id});
        """,
        one=sent("passed", result={"score": {"scaled": 1}}),
    )

    assert verbs() == ["passed", "voided"]
    assert scores() == []


def test_an_attachment_comes_back(content: Content) -> None:
    text = content.does(
        """
        const contents = new TextEncoder().encode("Ada was here.").buffer;
        const hash = [...new Uint8Array(await crypto.subtle.digest("SHA-256", contents))]
          .map(one => one.toString(16).padStart(2, "0")).join("");
        const attachment = {
          usageType: "https://example.org/note", display: {en: "note"}, sha2: hash,
          contentType: "text/plain", length: contents.byteLength};
        const statement = {...given.one, attachments: [attachment]};
        const id = (await lrs.sendStatement({statement, attachments: [contents]})).data[0];
        const parts = (await lrs.getStatement({statementId: id, attachments: true})).data;
        return parts[1];
        """,
        one=sent("experienced"),
    )

    assert text == "Ada was here."


def test_its_cache_buster_is_refused_until_it_is_a_leniency_of_the_key(content: Content) -> None:
    ask = """
        return lrs.getStatements({useCacheBuster: true}).then(
          () => 200, error => [error.response.status, error.response.data.field]);
        """
    assert content.does(ask) == [400, "cachebuster"]
    rules = SenderRules.objects.create(key=content.store.key, ignores_cachebuster=True)

    assert content.does(ask) == 200
    rules.refresh_from_db()
    assert rules.cachebusters_ignored == 1


def test_a_form_in_place_of_a_method_needs_no_preflight(content: Content) -> None:
    status = content.page.evaluate(
        """async ({url, form}) => {
          const body = new URLSearchParams(form);
          return (await fetch(`${url}statements?method=PUT`, {method: "POST", body})).status;
        }""",
        {
            "url": content.store.endpoint,
            "form": {
                "statementId": "6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
                "Authorization": f"Basic {content.store.token}",
                "X-Experience-API-Version": "1.0.3",
                "Content-Type": "application/json",
                "content": json.dumps(sent("experienced")),
            },
        },
    )

    assert status == 204
    assert texts() == [json.dumps(sent("experienced"))]


def test_a_page_of_an_origin_that_is_not_listed_cannot_send(
    content: Content, settings: Any
) -> None:
    settings.KPI_XAPI_ORIGINS = ["https://another.example"]
    failed = content.does(
        "return lrs.sendStatement({statement: given.one}).catch(error => error.message);",
        one=sent("experienced"),
    )

    assert failed == "Network Error"
    assert texts() == []
