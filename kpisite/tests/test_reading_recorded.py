"""Every response that shows single learners leaves a record of who saw it.

Ada, of whom everything is held, is looked for in the response of every route: a new route that
names her without a record fails here, as does one whose record is not in the table.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver, resolve, reverse

from accounts.api_keys import create_api_key
from accounts.models import AccessRecord, ApiKey, User
from exports.tables import TABLES
from kpis.definitions.registry import REGISTRY
from kpisite.http.audited_admin import is_about_people
from kpisite.tests.erased_people import ADA, HOME, NAME
from kpisite.tests.readable_routes import admin_paths, named, paths
from kpisite.tests.rows_of_everything import ada_and_what_no_event_says

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NAMES = re.compile(rf"{re.escape(ADA)}|{re.escape(HOME)}|{NAME}", re.IGNORECASE)
ACTOR = json.dumps({"mbox": f"mailto:{ADA}"})
ACTIVITY = "https://a.example/1"

WINTER = {"from": "2026-01-01", "to": "2026-03-31"}

# the models about which routes record; lists and forms of the admin follow from `personal_data.py`
TABLE = {
    "business:organizations": {"business.Seat"},
    "curriculum_pages:api-effective-parameters": {"curriculum.Learner"},
    "experiment_pages:experiment": {"experiments.ForcedVariant"},
    "experiments_api:assignments": {"experiments.Assignment"},
    "experiments_api:forced": {"experiments.ForcedVariant"},
    "navigation:search": {"curriculum.Enrollment"},
    "kpis:api-drill-down": {"curriculum.Learner"},
    "kpis:api-kpi": {"curriculum.Learner"},
    "support:api-learners": {"support.Standing"},
    "support:learner": {"curriculum.Enrollment"},
    "support:learners": {"support.Standing"},
    "support:learners-csv": {"support.Standing"},
    "xapi:agents": {"xapi.Agent"},
    "xapi:state": {"xapi.State"},
    "xapi:statements": {"xapi.Statement"},
}
# where she is named on no record
PUBLIC = {
    "learners:certificate": "whoever has the code may verify the certificate",
    "outcomes:api-feedback": "she agreed to be quoted, and the quotation names her",
}


@pytest.fixture
def visitors() -> list[Client]:
    """Return a superuser, and a key with every scope, on a site where everything is about Ada."""
    ada_and_what_no_event_says()
    in_browser = Client()
    in_browser.force_login(User.objects.get(name="Bo"))
    _, secret = create_api_key("bi", ApiKey.Scope.values)
    version = {"X-Experience-API-Version": "1.0.3"}
    return [in_browser, Client(headers={"Authorization": f"Bearer {secret}", **version})]


def asked() -> Iterator[str]:
    """Yield what is read by choosing learners, and what only keys read."""
    for indicator in REGISTRY.values():
        if indicator.has_learners:
            url, chosen = indicator.api_url, urlencode({"learner": ADA, **WINTER})
            yield f"{url}?{urlencode({'by': 'learner', **WINTER})}"
            yield f"{url}?{chosen}&format=csv"
            yield from (f"{url}/{drill}?{chosen}" for drill in indicator.drill_downs)
    yield from (f"/api/export/{name}" for name in TABLES)
    place = urlencode({"course": "py", "learner": ADA})
    yield f"/api/experiments/assignments?{urlencode({'learner': ADA})}"
    yield f"/api/curriculum/parameters/effective?{place}"
    document = {"activityId": ACTIVITY, "agent": ACTOR}
    for route, query in (
        ("statements", {}),
        ("statements", {"statementId": str(UUID(int=1))}),
        ("agents", {"agent": ACTOR}),
        ("activities", {"activityId": ACTIVITY}),
        ("activities/state", document),
        ("activities/state", {**document, "stateId": "place"}),
    ):
        yield f"/xapi/{route}?{urlencode(query)}"


def forms_and_lists() -> Iterator[str]:
    """Yield the list and a form of each model in the admin that has rows, and the other pages."""
    for name, pattern in named(get_resolver()):
        is_page = name.startswith("admin:") and not pattern.pattern.regex.groups
        if is_page and not name.endswith(("_changelist", "_add")):
            yield reverse(name)
    yield from admin_paths()


class Reading:
    """Reads paths, and notes by route what is recorded, and whether Ada is named on no record."""

    def __init__(self, visitors: list[Client]) -> None:
        self.visitors = visitors
        self.recorded: dict[str, set[str]] = defaultdict(set)
        self.unrecorded: set[str] = set()

    def read(self, path: str) -> None:
        """Read a path as the first visitor who may."""
        before = AccessRecord.objects.count()
        responses = (one.get(path) for one in self.visitors)
        response = next((one for one in responses if one.status_code == 200), None)
        if response is None:
            return
        route = resolve(path.partition("?")[0]).view_name
        records = AccessRecord.objects.order_by("pk")[before:]
        if about := set(records.values_list("about", flat=True)):
            self.recorded[route] |= about
        elif NAMES.search(b"".join(response).decode(errors="replace")):
            self.unrecorded.add(route)


def test_every_response_that_shows_a_learner_is_recorded(visitors: list[Client]) -> None:
    reading = Reading(visitors)
    for path in [*paths(), *asked()]:
        reading.read(path)
    exported = {one.model for one in TABLES.values() if one.is_detailed and one.rows().exists()}

    assert reading.unrecorded == set(PUBLIC)
    assert reading.recorded.pop("exports:table") == {one._meta.label for one in exported}
    assert reading.recorded == TABLE


def test_every_page_of_the_admin_that_shows_a_person_is_recorded(visitors: list[Client]) -> None:
    reading = Reading(visitors)
    expected = {
        f"admin:{one._meta.label_lower.replace('.', '_')}_{page}"
        for one in admin.site._registry
        if is_about_people(one) and one._default_manager.exists()
        for page in ("changelist", "change")
    }
    for path in forms_and_lists():
        reading.read(path)

    assert reading.unrecorded == set()
    assert expected <= reading.recorded.keys()
    assert len(expected) > 60
