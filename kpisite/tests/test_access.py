"""The URL table: the response to each kind of visitor at every route of the site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from accounts.tests.people import account, course
from curriculum.models import Course
from kpis.tests.measured import measured

pytestmark = pytest.mark.django_db

READ, SEND, SMALL = "kpis:read", "events:write", "kpis:small-groups"
PEOPLE = ("learner", "other manager", "manager", "staff")
KEYS = ("sends", "reads", "sees small", "reads other", "revoked")
VISITORS = ("stranger", *PEOPLE, *KEYS)

# The manager is granted "py"; the other manager and the key that reads other courses, "sql".
# A course that is not granted gets the same response as an unknown one: 400.
TABLE = """
GET  /                                                302 302 302 302 302 302 302 302 302 302
GET  /sign-in                                         200 302 302 302 302 200 200 200 200 200
GET  /sign-out                                        405 405 405 405 405 405 405 405 405 405
POST /sign-out                                        302 302 302 302 302 302 302 302 302 302
GET  /sign-in/code                                    302 302 302 302 302 302 302 302 302 302
POST /sign-in/code                                    302 302 302 302 302 302 302 302 302 302
GET  /sign-in/single-sign-on                          404 404 404 404 404 404 404 404 404 404
GET  /sign-in/single-sign-on/callback                 404 404 404 404 404 404 404 404 404 404
GET  /signed-out                                      302 302 302 302 302 302 302 302 302 302
GET  /account/second-factor                           302 200 200 200 200 302 302 302 302 302
POST /account/second-factor                           302 200 200 200 200 302 302 302 302 302
GET  /account/second-factor/set-up                    302 200 200 200 200 302 302 302 302 302
POST /account/second-factor/set-up                    302 200 200 200 200 302 302 302 302 302
GET  /account/second-factor/mail                      302 302 302 302 302 302 302 302 302 302
POST /account/second-factor/mail                      302 302 302 302 302 302 302 302 302 302
GET  /account/second-factor/link/forged               404 404 404 404 404 404 404 404 404 404
GET  /account/second-factor/qr.svg                    404 200 200 200 200 404 404 404 404 404
GET  /account/password                                302 200 200 200 200 302 302 302 302 302
POST /account/password                                302 200 200 200 200 302 302 302 302 302
GET  /account/forgotten                               200 200 200 200 200 200 200 200 200 200
POST /account/forgotten                               200 200 200 200 200 200 200 200 200 200
GET  /account/forgotten/sent                          200 200 200 200 200 200 200 200 200 200
GET  /account/set-password/MQ/forged                  200 200 200 200 200 200 200 200 200 200
POST /account/set-password/MQ/forged                  200 200 200 200 200 200 200 200 200 200
GET  /account/invitation/MQ/forged                    200 200 200 200 200 200 200 200 200 200
POST /account/invitation/MQ/forged                    200 200 200 200 200 200 200 200 200 200
GET  /my-progress                                     302 200 200 200 200 302 302 302 302 302
GET  /my-data                                         302 200 200 200 200 302 302 302 302 302
POST /my-data                                         302 200 200 200 200 302 302 302 302 302
GET  /my-data.json                                    302 302 302 302 302 302 302 302 302 302
GET  /my-data.zip                                     302 302 302 302 302 302 302 302 302 302
POST /my-data/erasure                                 302 302 302 302 302 302 302 302 302 302
POST /my-data/erasure/withdrawal                      302 302 302 302 302 302 302 302 302 302
GET  /certificates                                    302 200 200 200 200 302 302 302 302 302
GET  /certificates/forged                             404 404 404 404 404 404 404 404 404 404
GET  /certificates/forged/pdf                         302 404 404 404 404 302 302 302 302 302
GET  /lti/login                                       404 404 404 404 404 404 404 404 404 404
POST /lti/login                                       404 404 404 404 404 404 404 404 404 404
GET  /lti/launch                                      405 405 405 405 405 405 405 405 405 405
POST /lti/launch                                      403 403 403 403 403 403 403 403 403 403
GET  /lti/keys                                        200 200 200 200 200 200 200 200 200 200
GET  /lti/connect/forged                              302 403 403 403 403 302 302 302 302 302
POST /lti/connect/forged                              302 403 403 403 403 302 302 302 302 302
GET  /kpi-dashboard                                   302 403 200 200 200 302 302 302 302 302
GET  /kpi-dashboard?course=py                         302 403 400 200 200 302 302 302 302 302
GET  /kpi-dashboard/views                             302 403 200 200 200 302 302 302 302 302
POST /kpi-dashboard/views/new                         302 403 400 400 400 302 302 302 302 302
GET  /kpi-dashboard/views/1                           302 403 404 404 404 302 302 302 302 302
POST /kpi-dashboard/views/1/change                    302 403 404 404 404 302 302 302 302 302
GET  /kpi-dashboard/engagement.depth                  302 403 200 200 200 302 302 302 302 302
GET  /kpi-dashboard/engagement.depth?course=py        302 403 400 200 200 302 302 302 302 302
GET  /kpi-wall                                        302 403 200 200 200 302 302 302 302 302
GET  /kpi-wall?course=py                              302 403 400 200 200 302 302 302 302 302
GET  /kpi-dashboard/files/pdf                         302 403 200 200 200 302 302 302 302 302
GET  /kpi-dashboard/files/xlsx?course=py              302 403 302 200 200 302 302 302 302 302
GET  /kpi-dashboard/files/nothing                     302 403 404 404 404 302 302 302 302 302
GET  /kpi-dashboard/engagement.depth/files/csv        302 403 200 200 200 302 302 302 302 302
GET  /reports                                         302 403 200 200 200 302 302 302 302 302
POST /reports/new                                     302 403 400 400 400 302 302 302 302 302
POST /reports/1/end                                   302 403 404 404 404 302 302 302 302 302
GET  /reports/unsubscribe/forged                      404 404 404 404 404 404 404 404 404 404
POST /reports/unsubscribe/forged                      404 404 404 404 404 404 404 404 404 404
GET  /embedding                                       302 403 200 200 200 302 302 302 302 302
POST /embedding/new                                   302 403 400 400 400 302 302 302 302 302
POST /embedding/1/withdraw                            302 403 404 404 404 302 302 302 302 302
GET  /demonstration                                   302 403 403 403 403 302 302 302 302 302
POST /demonstration                                   302 403 403 403 403 302 302 302 302 302
GET  /first-steps                                     302 403 403 403 403 302 302 302 302 302
POST /first-steps/dismiss                             302 403 403 403 403 302 302 302 302 302
POST /first-steps/show                                302 403 403 403 403 302 302 302 302 302
GET  /embed/forged                                    404 404 404 404 404 404 404 404 404 404
GET  /help                                            302 200 200 200 200 302 302 302 302 302
GET  /help/kpis                                       302 200 200 200 200 302 302 302 302 302
GET  /help/guide/kpis                                 302 200 200 200 200 302 302 302 302 302
GET  /whats-new                                       302 200 200 200 200 302 302 302 302 302
GET  /search                                          302 200 200 200 200 302 302 302 302 302
GET  /search?q=py                                     302 200 200 200 200 302 302 302 302 302
GET  /search/suggestions?q=py                         302 200 200 200 200 302 302 302 302 302
GET  /alerts                                          302 403 200 200 200 302 302 302 302 302
GET  /alerts?course=py                                302 403 400 200 200 302 302 302 302 302
POST /alerts                                          302 403 400 400 400 302 302 302 302 302
GET  /alerts/1                                        302 403 404 404 404 302 302 302 302 302
POST /alerts/1                                        302 403 404 404 404 302 302 302 302 302
GET  /curriculum-parameters                           302 403 200 200 200 302 302 302 302 302
GET  /curriculum-parameters?course=py                 302 403 400 200 200 302 302 302 302 302
GET  /curriculum-parameters/completion.window-factor  302 403 200 200 200 302 302 302 302 302
POST /curriculum-parameters/completion.window-factor  302 403 403 403 403 302 302 302 302 302
GET  /curriculum-parameters/add                       302 403 403 403 403 302 302 302 302 302
POST /curriculum-parameters/add                       302 403 403 403 403 302 302 302 302 302
GET  /curriculum-parameters/nothing                   302 403 404 404 404 302 302 302 302 302
GET  /curriculum-framework                            302 403 200 200 200 302 302 302 302 302
GET  /curriculum-framework?course=py                  302 403 400 200 200 302 302 302 302 302
GET  /curriculum-framework/versions?course=py         302 403 404 200 200 302 302 302 302 302
GET  /curriculum-framework/import                     302 403 403 403 403 302 302 302 302 302
POST /curriculum-framework/import                     302 403 403 403 403 302 302 302 302 302
GET  /curriculum-adjustments                          302 403 200 200 200 302 302 302 302 302
GET  /curriculum-adjustments?course=py                302 403 400 200 200 302 302 302 302 302
GET  /curriculum-adjustments/1                        302 403 404 404 404 302 302 302 302 302
POST /curriculum-adjustments/1                        302 403 404 404 404 302 302 302 302 302
GET  /experiments                                     302 403 200 200 200 302 302 302 302 302
GET  /experiments/new                                 302 403 403 403 403 302 302 302 302 302
POST /experiments/new                                 302 403 403 403 403 302 302 302 302 302
GET  /experiments/power                               302 403 200 200 200 302 302 302 302 302
GET  /experiments/nothing                             302 403 404 404 404 302 302 302 302 302
POST /experiments/nothing                             302 403 404 404 404 302 302 302 302 302
GET  /experiments/nothing/edit                        302 403 403 403 403 302 302 302 302 302
GET  /experiments/nothing/results.csv                 302 403 404 404 404 302 302 302 302 302
GET  /learners-to-help                                302 403 403 403 403 302 302 302 302 302
GET  /learners-to-help/export.csv                     302 403 403 403 403 302 302 302 302 302
GET  /learners-to-help/model                          302 403 403 403 403 302 302 302 302 302
GET  /learners-to-help/1                              302 403 403 403 403 302 302 302 302 302
POST /learners-to-help/1                              302 403 403 403 403 302 302 302 302 302
GET  /api/export                                      401 403 403 403 403 403 403 403 403 401
GET  /api/export/course                               401 403 403 403 403 403 403 403 403 401
GET  /api/export/measurement                          401 403 403 403 403 403 403 403 403 401
GET  /api/learners-to-help                            401 403 403 403 403 403 403 403 403 401
GET  /api/curriculum/framework                        401 403 200 200 200 403 200 403 200 401
GET  /api/curriculum/framework?course=py              401 403 400 200 200 403 200 403 400 401
GET  /api/alerts                                      401 403 200 200 200 403 200 403 200 401
GET  /api/alerts?course=py                            401 403 400 200 200 403 200 403 400 401
GET  /api/alerts/1                                    401 403 404 404 404 403 404 403 404 401
POST /api/alerts/bulk                                 401 403 400 400 400 403 403 403 403 401
POST /api/alerts/1/acknowledge                        401 403 404 404 404 403 403 403 403 401
POST /api/alerts/1/snooze                             401 403 404 404 404 403 403 403 403 401
POST /api/alerts/1/unsnooze                           401 403 404 404 404 403 403 403 403 401
POST /api/alerts/1/comment                            401 403 404 404 404 403 403 403 403 401
POST /api/alerts/1/close                              401 403 404 404 404 403 403 403 403 401
GET  /api/curriculum/adjustments                      401 403 200 200 200 403 200 403 200 401
GET  /api/curriculum/adjustments?course=py            401 403 400 200 200 403 200 403 400 401
GET  /api/curriculum/adjustments/1                    401 403 404 404 404 403 404 403 404 401
POST /api/curriculum/adjustments/1/approve            401 403 403 403 403 403 403 403 403 401
POST /api/curriculum/adjustments/1/reject             401 403 403 403 403 403 403 403 403 401
POST /api/curriculum/adjustments/1/keep               401 403 403 403 403 403 403 403 403 401
POST /api/curriculum/adjustments/1/revert             401 403 403 403 403 403 403 403 403 401
GET  /api/experiments                                 401 403 200 200 200 403 403 403 403 401
GET  /api/experiments?course=py                       401 403 400 200 200 403 403 403 403 401
POST /api/experiments                                 401 403 403 403 403 403 403 403 403 401
GET  /api/experiments/nothing                         401 403 404 404 404 403 403 403 403 401
PUT  /api/experiments/nothing                         401 403 403 403 403 403 403 403 403 401
DELETE /api/experiments/nothing                       401 403 403 403 403 403 403 403 403 401
GET  /api/experiments/nothing/analyses                401 403 404 404 404 403 403 403 403 401
GET  /api/experiments/nothing/results                 401 403 404 404 404 403 403 403 403 401
POST /api/experiments/nothing/start                   401 403 403 403 403 403 403 403 403 401
POST /api/experiments/nothing/stop                    401 403 403 403 403 403 403 403 403 401
POST /api/experiments/nothing/deviations              401 403 403 403 403 403 403 403 403 401
GET  /api/experiments/nothing/forced                  401 403 403 403 403 403 403 403 403 401
POST /api/experiments/nothing/forced                  401 403 403 403 403 403 403 403 403 401
POST /api/experiments/nothing/decide                  401 403 403 403 403 403 403 403 403 401
GET  /api/experiments/assignments                     401 403 403 403 403 403 403 403 403 401
POST /api/experiments/exposures                       401 401 401 401 401 400 403 403 403 401
GET  /api/experiments/power                           401 403 400 400 400 403 403 403 403 401
GET  /api/kpi                                         401 403 200 200 200 403 200 403 200 401
GET  /api/kpi/engagement/depth                        401 403 200 200 200 403 200 403 200 401
GET  /api/kpi/engagement/depth?format=csv             401 403 200 200 200 403 200 403 200 401
GET  /api/kpi/engagement/depth?course=py              401 403 400 200 200 403 200 403 400 401
GET  /api/kpi/engagement/depth?course=py&format=csv   401 403 400 200 200 403 200 403 400 401
GET  /api/kpi/engagement/depth/videos                 401 403 200 200 200 403 200 403 200 401
GET  /api/kpi/engagement/depth/videos?course=py       401 403 400 200 200 403 200 403 400 401
GET  /api/kpi/outcome/feedback                        401 403 200 200 200 403 200 403 200 401
GET  /api/kpi/outcome/feedback?course=py              401 403 400 200 200 403 200 403 400 401
GET  /api/kpi/business/trajectory                     401 403 200 200 200 403 200 403 200 401
GET  /api/kpi/business/trajectory?course=py           401 403 400 200 200 403 200 403 400 401
GET  /api/kpi/findings                                401 403 200 200 200 403 200 403 200 401
GET  /api/kpi/findings?course=py                      401 403 400 200 200 403 200 403 400 401
GET  /api/kpi/measurements                            401 403 403 403 403 403 403 403 403 401
GET  /api/periods                                     401 403 200 200 200 403 200 403 200 401
GET  /api/date-notes                                  401 403 200 200 200 403 200 403 200 401
GET  /api/date-notes?course=py                        401 403 400 200 200 403 200 403 400 401
GET  /api/courses                                     401 403 200 200 200 403 200 403 200 401
GET  /api/curriculum/parameters/effective             401 403 200 200 200 403 200 403 200 401
GET  /api/curriculum/parameters/effective?course=py   401 403 400 200 200 403 200 403 400 401
GET  /api/nothing                                     401 404 404 404 404 404 404 404 404 401
GET  /api/events                                      401 401 401 401 401 405 403 403 403 401
POST /api/events                                      401 401 401 401 401 400 403 403 403 401
GET  /caliper                                         401 401 401 401 401 405 403 403 403 401
POST /caliper                                         401 401 401 401 401 400 403 403 403 401
GET  /xapi/about                                       200 200 200 200 200 200 200 200 200 200
GET  /xapi/statements                                  401 401 401 401 401 403 403 403 403 401
PUT  /xapi/statements                                  401 401 401 401 401 403 403 403 403 401
POST /xapi/statements                                  401 401 401 401 401 403 403 403 403 401
GET  /xapi/activities/state                            401 401 401 401 401 403 403 403 403 401
PUT  /xapi/activities/state                            401 401 401 401 401 403 403 403 403 401
POST /xapi/activities/state                            401 401 401 401 401 403 403 403 403 401
DELETE /xapi/activities/state                            401 401 401 401 401 403 403 403 403 401
GET  /xapi/activities/profile                          401 401 401 401 401 403 403 403 403 401
PUT  /xapi/activities/profile                          401 401 401 401 401 403 403 403 403 401
POST /xapi/activities/profile                          401 401 401 401 401 403 403 403 403 401
DELETE /xapi/activities/profile                          401 401 401 401 401 403 403 403 403 401
GET  /xapi/agents/profile                              401 401 401 401 401 403 403 403 403 401
PUT  /xapi/agents/profile                              401 401 401 401 401 403 403 403 403 401
POST /xapi/agents/profile                              401 401 401 401 401 403 403 403 403 401
DELETE /xapi/agents/profile                              401 401 401 401 401 403 403 403 403 401
GET  /xapi/activities                                  401 401 401 401 401 403 403 403 403 401
GET  /xapi/agents                                      401 401 401 401 401 403 403 403 403 401
GET  /api/schema                                      401 200 200 200 200 200 200 200 200 401
GET  /metrics                                          404 404 404 404 404 404 404 404 404 404
GET  /privacy                                          200 200 200 200 200 200 200 200 200 200
GET  /api/docs                                        302 200 200 200 200 302 302 302 302 302
GET  /surveys/forged                                  404 404 404 404 404 404 404 404 404 404
POST /surveys/forged                                  404 404 404 404 404 404 404 404 404 404
POST /alerts/read                                     302 403 302 302 302 302 302 302 302 302
GET  /weekly-summary/forged                           404 404 404 404 404 404 404 404 404 404
POST /weekly-summary/forged                           404 404 404 404 404 404 404 404 404 404
GET  /organizations                                   302 200 200 200 200 302 302 302 302 302
GET  /r                                               302 200 200 200 200 302 302 302 302 302
GET  /r/forged                                        404 404 404 404 404 404 404 404 404 404
GET  /admin/                                          302 302 302 302 200 302 302 302 302 302
GET  /admin/login/                                    200 403 403 403 302 200 200 200 200 200
GET  /admin/password_change/                          302 302 302 302 302 302 302 302 302 302
GET  /admin/curriculum/course/                        302 302 302 302 403 302 302 302 302 302
"""
SIGNED_ADDRESSES = {
    "/lti/login",
    "/surveys/forged",
    "/weekly-summary/forged",
    "/reports/unsubscribe/forged",
}
# /health is open to probes; it reports the state of the parts but no personal data
OPEN = {"^health$", "^health/web$", "^language$"}


def rows() -> list[tuple[str, str, tuple[int, ...]]]:
    split = (line.split() for line in TABLE.strip().splitlines())
    return [(method, path, tuple(map(int, codes))) for method, path, *codes in split]


def client_of(visitor: str) -> Client:
    mine, other = course("py"), course("sql")
    if visitor in PEOPLE:
        return signed_in(visitor, mine, other)
    return bearing(visitor, other) if visitor in KEYS else Client()


def signed_in(role: str, mine: Course, other: Course) -> Client:
    grants = {"manager": (mine,), "other manager": (other,)}.get(role, ())
    client = Client()
    client.force_login(account("Cleo", grants=grants, is_staff=role == "staff"))
    return client


def bearing(role: str, other: Course) -> Client:
    scopes = {"sends": [SEND], "sees small": [SMALL]}.get(role, [READ])
    key, secret = create_api_key(role, scopes, courses=[other] if role == "reads other" else [])
    if role == "revoked":
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    return Client(headers={"Authorization": f"Bearer {secret}"})


def status_of(client: Client, method: str, path: str) -> int:
    return client.generic(method, path, content_type="application/json").status_code


@pytest.mark.once
@pytest.mark.parametrize("visitor", VISITORS)
def test_every_visitor_gets_the_status_codes_of_the_table(visitor: str) -> None:
    client = client_of(visitor)
    place = VISITORS.index(visitor)
    # sign out last, since that makes the visitor a stranger
    expected = sorted(rows(), key=lambda row: row[1] == "/sign-out")
    found = {(method, path): status_of(client, method, path) for method, path, _ in expected}

    assert found == {(method, path): codes[place] for method, path, codes in rows()}


@cache
def routes() -> dict[str, URLPattern]:
    """Return every route of the site except those of the admin, which has one check for all."""
    return dict(_routes(get_resolver(), ""))


def _routes(resolver: URLResolver, before: str) -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            if one.app_name != "admin":
                yield from _routes(one, before + str(one.pattern))
        else:
            yield before + one.pattern.regex.pattern, one


def test_no_route_is_missing_from_the_table() -> None:
    named = {id(get_resolver().resolve(path.partition("?")[0]).func) for _, path, _ in rows()}
    missing = {route for route, one in routes().items() if id(one.callback) not in named}

    assert {route.replace("\\Z", "$") for route in missing} == OPEN


def test_a_course_that_is_not_granted_looks_like_an_unknown_one() -> None:
    client = client_of("other manager")
    forbidden = client.get("/api/kpi/engagement/depth?course=py")
    unknown = client.get("/api/kpi/engagement/depth?course=no")

    assert forbidden.content.replace(b"py", b"no") == unknown.content


@pytest.mark.parametrize(
    ("visitor", "visible"),
    [
        ("manager", {"py"}),
        ("other manager", {"sql"}),
        ("reads other", {"sql"}),
        ("staff", {"py", "sql"}),
        ("reads", {"py", "sql"}),
    ],
)
def test_courses_are_shown_only_to_readers_with_access(visitor: str, visible: set[str]) -> None:
    client = client_of(visitor)
    for days in (25, 55, 85):
        for one in Course.objects.all():
            month = f"{timezone.now() - timedelta(days=days):%Y-%m}"
            measured("engagement.video-watch", month, 15, 20, of=one)
    groups = client.get("/api/kpi/engagement/video-watch?by=course").json()["groups"]

    assert {group["key"] for group in groups} == visible


@pytest.mark.parametrize("visitor", ["stranger", "learner", "manager"])
def test_the_admin_is_closed_to_everyone_but_staff(visitor: str) -> None:
    client = client_of(visitor)
    lists = [
        f"/admin/{one._meta.app_label}/{one._meta.model_name}/" for one in admin.site._registry
    ]

    assert {status_of(client, "GET", path) for path in lists} == {302}
    assert len(lists) > 20


def test_staff_without_permissions_see_no_rows_in_the_admin() -> None:
    client = client_of("staff")
    lists = [
        f"/admin/{one._meta.app_label}/{one._meta.model_name}/" for one in admin.site._registry
    ]

    assert {status_of(client, "GET", path) for path in lists} == {403}


def test_no_form_of_a_signed_in_visitor_is_accepted_without_a_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(account("Cleo", is_staff=True))
    found = {path: status_of(client, method, path) for method, path, _ in rows() if method != "GET"}

    assert set(found.values()) <= {401, 403, 404}
    # those have a signed address instead, which is forged here
    assert {path for path, code in found.items() if code == 404} == SIGNED_ADDRESSES


def test_health_responds_to_anonymous_probes() -> None:
    assert Client().get("/health").status_code in {200, 503}
    assert Client().get("/health/web").status_code == 200
