"""The URL table for further visitors: each named like one of the table, with what differs.

To add a role: one line in VISITORS, and its differences in DIFFERENCES.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from accounts.reader import Reader
from accounts.tests.people import account, course, run_of
from business.models import OrganizationGrant
from business.tests.test_organizations import organization
from curriculum.models import Course
from dashboard.live.tokens import live_update_data
from kpisite.tests import test_access as table

pytestmark = [pytest.mark.django_db, pytest.mark.once]

Codes = dict[tuple[str, str], int]


def person(**fields: bool) -> Callable[[], Client]:
    def sign_in() -> Client:
        client = Client()
        client.force_login(account("Dora", grants=(), runs=(), **fields))
        return client

    return sign_in


def in_group(name: str) -> Callable[[], Client]:
    def sign_in() -> Client:
        client = Client()
        dora = account("Dora", is_staff=True)
        dora.groups.add(Group.objects.get(name=name))
        client.force_login(dora)
        return client

    return sign_in


def manager_of_a_run() -> Client:
    client = Client()
    client.force_login(account("Mo", runs=(run_of(Course.objects.get(key="py")),)))
    return client


def manager_of_an_organization() -> Client:
    """Sign in somebody who manages an organization that subscribes to the course."""
    acme = organization("acme", Course.objects.get(key="py"))
    mo = account("Mo")
    OrganizationGrant.objects.create(user=mo, organization=acme)
    client = Client()
    client.force_login(mo)
    return client


def key(*scopes: str) -> Callable[[], Client]:
    def bear() -> Client:
        _, secret = create_api_key("key", scopes)
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return bear


@dataclass(frozen=True)
class Visitor:
    client: Callable[[], Client]
    # a visitor of the table
    like: str
    # names of groups in DIFFERENCES
    but: tuple[str, ...] = field(default=())


# by group: what is different
DIFFERENCES = """
exports courses:
    GET  /api/export 200
    GET  /api/periods 200
    GET  /api/export/course 200
exports facts:
    GET  /api/export/measurement 200
sends nothing:
    POST /api/experiments/exposures 403
    GET  /api/events 403
    POST /api/events 403
    GET  /caliper 403
    POST /caliper 403
reads the curriculum:
    GET  /api/curriculum/parameters/effective 200
    GET  /api/curriculum/parameters/effective?course=py 200
reads experiments:
    GET  /api/experiments 200
    GET  /api/experiments?course=py 200
    GET  /api/experiments/nothing 404
    GET  /api/experiments/nothing/analyses 404
    GET  /api/experiments/nothing/results 404
    GET  /api/experiments/assignments 400
    GET  /api/experiments/power 400
runs experiments by key:
    POST /api/experiments 400
    PUT  /api/experiments/nothing 404
    DELETE /api/experiments/nothing 404
    POST /api/experiments/nothing/start 404
    POST /api/experiments/nothing/stop 404
    POST /api/experiments/nothing/deviations 404
    GET  /api/experiments/nothing/forced 404
    POST /api/experiments/nothing/forced 404
    POST /api/experiments/nothing/decide 404
acts on alerts:
    POST /api/alerts/bulk 400
    POST /api/alerts/1/acknowledge 404
    POST /api/alerts/1/snooze 404
    POST /api/alerts/1/unsnooze 404
    POST /api/alerts/1/comment 404
    POST /api/alerts/1/close 404
decides about adjustments:
    POST /api/curriculum/adjustments/1/approve 404
    POST /api/curriculum/adjustments/1/reject 404
    POST /api/curriculum/adjustments/1/keep 404
    POST /api/curriculum/adjustments/1/revert 404
adds parameters:
    GET  /curriculum-parameters/add 200
    POST /curriculum-parameters/add 400
runs experiments on pages:
    GET  /experiments/new 200
    POST /experiments/new 400
    GET  /experiments/nothing/edit 404
    GET  /api/experiments/assignments 400
reads learners by key:
    GET  /api/learners-to-help 200
sees who needs help:
    GET  /learners-to-help 200
    GET  /learners-to-help/export.csv 200
    GET  /learners-to-help/model 200
    GET  /learners-to-help/1 404
    POST /learners-to-help/1 404
    GET  /api/learners-to-help 200
sees no whole course:
    GET  /curriculum-framework/versions?course=py 404
    GET  /api/curriculum/framework?course=py 400
    GET  /api/curriculum/adjustments?course=py 400
    GET  /api/curriculum/parameters/effective?course=py 400
decides on parameters:
    POST /curriculum-parameters/completion.window-factor 404
imports the curriculum:
    GET  /curriculum-framework/import 200
    POST /curriculum-framework/import 200
reads by xAPI:
    GET  /xapi/statements 400
    GET  /xapi/activities/state 400
    GET  /xapi/activities/profile 400
    GET  /xapi/agents/profile 400
    GET  /xapi/activities 400
    GET  /xapi/agents 400
writes by xAPI:
    PUT  /xapi/statements 400
    POST /xapi/statements 400
    PUT  /xapi/activities/state 400
    POST /xapi/activities/state 400
    DELETE /xapi/activities/state 400
    PUT  /xapi/activities/profile 400
    POST /xapi/activities/profile 400
    DELETE /xapi/activities/profile 400
    PUT  /xapi/agents/profile 400
    POST /xapi/agents/profile 400
    DELETE /xapi/agents/profile 400
sees measurements:
    GET  /api/kpi/measurements 200
sees courses in the admin:
    GET  /admin/curriculum/course/ 200
takes first steps:
    GET  /first-steps 200
    POST /first-steps/dismiss 302
    POST /first-steps/show 302
removes the demonstration:
    GET  /demonstration 200
    POST /demonstration 302
"""

EVERYTHING = (
    *("decides about adjustments", "decides on parameters", "adds parameters"),
    *("imports the curriculum", "runs experiments by key", "runs experiments on pages"),
    *("sees who needs help", "sees measurements", "sees courses in the admin"),
    "takes first steps",
)

VISITORS = {
    "another learner": Visitor(person(), "learner"),
    # figures of the course are those of the run (test_run_grants.py)
    "manager of a run": Visitor(manager_of_a_run, "manager", ("sees no whole course",)),
    "manager of an organization": Visitor(manager_of_an_organization, "learner"),
    "Analysts": Visitor(
        in_group("Analysts"), "staff",
        ("runs experiments by key", "runs experiments on pages", "sees measurements",
         "sees courses in the admin", "takes first steps"),
    ),
    "Curriculum editors": Visitor(
        in_group("Curriculum editors"), "staff",
        ("decides about adjustments", "decides on parameters", "adds parameters",
         "imports the curriculum", "sees courses in the admin", "takes first steps"),
    ),
    "Operators": Visitor(in_group("Operators"), "staff", ("takes first steps",)),
    "Administrators": Visitor(in_group("Administrators"), "staff", EVERYTHING),
    "superuser": Visitor(
        person(is_staff=True, is_superuser=True), "staff",
        (*EVERYTHING, "removes the demonstration"),
    ),
    "curriculum:write": Visitor(key("curriculum:write"), "sends", ("sends nothing",)),
    "curriculum:read": Visitor(
        key("curriculum:read"), "sends", ("sends nothing", "reads the curriculum")
    ),
    "kpis:read": Visitor(key("kpis:read"), "reads"),
    # alone, it opens nothing
    "kpis:small-groups": Visitor(key("kpis:small-groups"), "sends", ("sends nothing",)),
    "alerts:write": Visitor(key("alerts:write"), "sends", ("sends nothing",)),
    "alerts:write, kpis:read": Visitor(
        key("alerts:write", "kpis:read"), "reads", ("acts on alerts",)
    ),
    "adjustments:write": Visitor(key("adjustments:write"), "sends", ("sends nothing",)),
    "adjustments:write, kpis:read": Visitor(
        key("adjustments:write", "kpis:read"), "reads", ("decides about adjustments",)
    ),
    "experiments:read": Visitor(
        key("experiments:read"), "sends", ("sends nothing", "reads experiments")
    ),
    "experiments:write": Visitor(key("experiments:write"), "sends", ("sends nothing",)),
    "experiments:read, experiments:write": Visitor(
        key("experiments:read", "experiments:write"), "sends",
        ("sends nothing", "reads experiments", "runs experiments by key"),
    ),
    "events:write": Visitor(key("events:write"), "sends"),
    "learners:read": Visitor(
        key("learners:read"), "sends", ("sends nothing", "reads learners by key")
    ),
    # without the version that every request needs
    "xapi:read": Visitor(key("xapi:read"), "sends", ("sends nothing", "reads by xAPI")),
    "xapi:all": Visitor(key("xapi:all"), "sends", ("sends nothing", "reads by xAPI")),
    "xapi:write": Visitor(key("xapi:write"), "sends", ("sends nothing", "writes by xAPI")),
    "facts:read": Visitor(key("facts:read"), "sends", ("sends nothing", "exports courses")),
    "exporter": Visitor(
        key("facts:read", "kpis:small-groups"),
        "sends",
        ("sends nothing", "exports courses", "exports facts"),
    ),
}  # fmt: skip


def differences() -> dict[str, Codes]:
    found: dict[str, Codes] = {}
    for line in DIFFERENCES.strip().splitlines():
        if line.endswith(":"):
            current = found.setdefault(line.removesuffix(":"), {})
        else:
            method, path, code = line.split()
            current[method, path] = int(code)
    return found


def expected(visitor: Visitor) -> Codes:
    place = table.VISITORS.index(visitor.like)
    codes = {(method, path): all_codes[place] for method, path, all_codes in table.rows()}
    for group in visitor.but:
        codes |= differences()[group]
    return codes


@pytest.mark.parametrize("name", VISITORS)
def test_every_further_visitor_gets_the_codes_of_the_table(name: str) -> None:
    course("py")
    course("sql")
    visitor = VISITORS[name]
    client, codes = visitor.client(), expected(visitor)
    in_order = sorted(codes, key=lambda row: row[1] == "/sign-out")

    assert {row: table.status_of(client, *row) for row in in_order} == codes


def test_each_scope_is_tried_alone_and_each_difference_is_of_a_row() -> None:
    rows = {(method, path) for method, path, _ in table.rows()}

    assert set(ApiKey.Scope.values) <= VISITORS.keys()
    assert {row for codes in differences().values() for row in codes} <= rows


def admin_paths() -> list[str]:
    """Return each page of the admin, with 1 for the id of a row."""
    found = set(_paths(admin.site.urls[0], "/admin/"))
    return sorted(one for one in found if "logout" not in one and "login" not in one)


def _paths(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for one in patterns:
        path = before + re.sub(r"<[^>]+>", "1", str(one.pattern))
        if isinstance(one, URLResolver):
            yield from _paths(one.url_patterns, path)
        # the last catches what does not exist
        elif "(" not in path:
            yield path


# of nobody's data: the start page, its texts, and a redirect to the page for passwords
ADMIN_OF_ALL_STAFF = {"/admin/", "/admin/jsi18n/", "/admin/password_change/",
                      "/admin/password_change/done/"}  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("visitor", ["stranger", "learner", "manager", "reads", "sees small"])
def test_no_page_of_the_admin_opens_to_others_than_staff(visitor: str, method: str) -> None:
    client = table.client_of(visitor)
    found = {path: table.status_of(client, method, path) for path in admin_paths()}

    assert len(found) > 200
    assert {path: code for path, code in found.items() if code != 302} == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_page_of_the_admin_opens_to_staff_without_permissions(method: str) -> None:
    client = table.client_of("staff")
    opened = {
        path
        for path in admin_paths()
        if path not in ADMIN_OF_ALL_STAFF
        and table.status_of(client, method, path) not in {302, 403, 404, 405}
    }

    assert opened == set()


def test_the_live_channel_opens_only_with_a_token_of_ours() -> None:
    token = live_update_data(Reader(True, True, True, frozenset())).token
    visitor = Client()
    codes = [visitor.get("/live", {"of": of}).status_code for of in ("", token[:-1] + "!", token)]
    client = table.client_of("manager")

    assert codes == [403, 403, 200]
    assert client.get("/live").status_code == 403
