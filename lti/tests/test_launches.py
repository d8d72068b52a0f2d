from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from accounts.models import CourseGrant, RunGrant, User
from accounts.tests.people import account, course, learner, run_of
from curriculum.models import Course, Learner
from lti.models import Context, Member, Participation
from lti.protocol.claims import CLAIM, MEMBERSHIP
from lti.protocol.login import state_of
from lti.protocol.platform_keys import READ_AGAIN_AFTER
from lti.tests.lms import LEARNER, Claims, Lms, the_context

pytestmark = pytest.mark.django_db

INES = {"name": "Ines", "email": "ines@example.com"}
LEO = {"name": "Leo", "email": "leo@example.com"}
DASHBOARD = "/kpi-dashboard?course=py"


def connected_with_py(lms: Lms, client: Client, **fields: Any) -> Context:
    lms.connected(**fields)
    lms.open(client, "ines")
    return the_context(course=course())


def reason(response: Any, status: int = 403) -> str:
    assert response.status_code == status, response.content
    return str(response.context["reason"])


def test_an_instructor_sees_the_dashboard_of_the_course_and_no_other(
    client: Client, lms: Lms
) -> None:
    connected_with_py(lms, client)
    course("sql")

    response = lms.open(client, "ines")

    assert response["Location"] == DASHBOARD
    assert client.get(DASHBOARD).status_code == 200
    assert client.get("/kpi-dashboard?course=sql").status_code == 400


def test_a_course_that_staff_have_not_connected_yet_opens_nothing(client: Client, lms: Lms) -> None:
    lms.connected()
    assert "Python 101" in reason(lms.open(client, "ines"))
    assert not CourseGrant.objects.exists()


def test_a_run_opens_that_run_only(client: Client, lms: Lms) -> None:
    connected_with_py(lms, client)
    py = Course.objects.get()
    spring = run_of(py, "spring")
    the_context(run=spring)

    assert lms.open(client, "ines")["Location"] == f"{DASHBOARD}&run=spring"
    assert RunGrant.objects.get().run == spring
    assert not CourseGrant.objects.filter(course=py).exists()


def test_a_learner_sees_own_progress_and_no_figures(client: Client, lms: Lms) -> None:
    connected_with_py(lms, client)

    response = lms.open(client, "leo")

    assert response["Location"] == "/my-progress"
    assert client.get("/my-progress").status_code == 200
    assert client.get(DASHBOARD).status_code == 403
    assert Learner.objects.get(key="leo").user == User.objects.get(email="leo@example.com")


@pytest.mark.parametrize(
    ("which", "key"), [("sub", "leo"), ("email", "leo@example.com"), ("sourcedid", "s-7")]
)
def test_staff_choose_which_id_is_the_learners_key(
    client: Client, lms: Lms, which: str, key: str
) -> None:
    lms.knows("leo", LEARNER, **LEO, **{CLAIM + "lis": {"person_sourcedid": "s-7"}})
    lms.connected(learner_key=which)
    lms.open(client, "leo")

    assert Learner.objects.get().key == key


def test_a_learner_of_events_gets_the_account(client: Client, lms: Lms) -> None:
    leo = learner("leo")
    lms.connected()
    lms.open(client, "leo")

    leo.refresh_from_db()
    assert leo.user == User.objects.get(email="leo@example.com")


def test_without_an_address_a_learner_is_known_by_the_lms_alone(client: Client, lms: Lms) -> None:
    lms.knows("leo", LEARNER)
    lms.connected()

    assert lms.open(client, "leo")["Location"] == "/my-progress"
    assert lms.open(Client(), "leo")["Location"] == "/my-progress"
    assert User.objects.get().email.endswith("@lms.invalid")


def test_an_assistant_is_an_instructor_and_an_administrator_is_nobody(
    client: Client, lms: Lms
) -> None:
    connected_with_py(lms, client)
    lms.knows("tim", f"{MEMBERSHIP}/Instructor#TeachingAssistant", email="tim@example.com")
    lms.knows("ada", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator")

    assert lms.open(Client(), "tim")["Location"] == DASHBOARD
    assert "instructors" in reason(lms.open(Client(), "ada"))


def test_the_grant_ends_with_the_role(client: Client, lms: Lms) -> None:
    connected_with_py(lms, client)
    lms.open(client, "ines")
    lms.knows("ines", LEARNER, **INES)
    lms.open(client, "ines")

    assert not CourseGrant.objects.exists()
    assert client.get(DASHBOARD).status_code == 403


def test_a_grant_that_staff_gave_stays(client: Client, lms: Lms) -> None:
    connected_with_py(lms, client, verifies_email=True)
    User.objects.all().delete()
    account("Ines", grants=(Course.objects.get(),))
    lms.open(client, "ines")
    lms.knows("ines", LEARNER, **INES)
    lms.open(client, "ines")

    assert CourseGrant.objects.count() == 1


def test_nobody_takes_over_an_account_by_its_address(client: Client, lms: Lms) -> None:
    connected_with_py(lms, client)
    leo = account("Leo")
    stranger = Client()

    response = lms.open(stranger, "leo")

    assert response.status_code == 200
    assert stranger.get("/my-progress").status_code == 302
    link = response.context["url"]
    stranger.force_login(leo)
    assert stranger.get(link).status_code == 200
    stranger.post(link)
    assert lms.open(Client(), "leo")["Location"] == "/my-progress"


def test_an_account_is_connected_with_one_person_of_the_link(client: Client, lms: Lms) -> None:
    lms.connected()
    leo, mia = account("Leo"), account("Mia")
    link = lms.open(client, "leo").context["url"]
    client.force_login(leo)
    client.post(link)
    client.force_login(mia)
    assert "another account" in reason(client.post(link))
    assert Member.objects.get().account == leo
    assert "no longer valid" in reason(client.get(link[:-1] + "x"))


def test_an_lms_that_verifies_addresses_signs_in_who_has_an_account(
    client: Client, lms: Lms
) -> None:
    leo = account("Leo")
    lms.connected(verifies_email=True)
    lms.open(client, "leo")
    assert client.session["_auth_user_id"] == str(leo.pk)


def test_staff_are_never_signed_in_by_an_lms(client: Client, lms: Lms) -> None:
    lms.connected(verifies_email=True)
    account("Leo", is_staff=True)
    assert "Staff" in reason(lms.open(client, "leo"))
    assert "_auth_user_id" not in client.session


def test_who_became_staff_is_not_signed_in_any_more(client: Client, lms: Lms) -> None:
    lms.connected()
    lms.open(client, "leo")
    User.objects.update(is_staff=True)
    assert "Staff" in reason(lms.open(Client(), "leo"))


def test_a_closed_account_stays_closed(client: Client, lms: Lms) -> None:
    lms.connected()
    lms.open(client, "leo")
    User.objects.update(is_active=False)
    assert "closed" in reason(lms.open(Client(), "leo"))


def without(*names: str) -> Callable[[Claims], Claims]:
    return lambda claims: {name: value for name, value in claims.items() if name not in names}


def other(**claims: Any) -> Callable[[Claims], Claims]:
    return lambda found: {**found, **claims}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other(iss="https://other.example"), "not valid"),
        (other(aud="another"), "not valid"),
        (other(aud=["kpi", "another"], azp="another"), "not valid"),
        (other(azp="another"), "not valid"),
        (without("iss"), "not valid"),
        (without("aud"), "not valid"),
        (other(sub=""), "who you are"),
        (without("sub"), "who you are"),
        (other(**{CLAIM + "version": "1.1"}), "not valid"),
        (other(**{CLAIM + "deployment_id": "2"}), "deployment"),
        (without(CLAIM + "context"), "which course"),
    ],
)
def test_a_message_with_something_wrong_is_refused(
    client: Client, lms: Lms, change: Callable[[Claims], Claims], said: str
) -> None:
    lms.connected()
    lms.change = change
    assert said in reason(lms.open(client, "leo"))
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()


def test_a_deep_linking_request_is_refused(client: Client, lms: Lms) -> None:
    lms.connected()
    lms.change = other(**{CLAIM + "message_type": "LtiDeepLinkingRequest"})
    assert "LtiResourceLinkRequest" in reason(lms.open(client, "leo"), 400)


def test_a_message_of_another_launch_is_refused(client: Client, lms: Lms) -> None:
    lms.connected()
    token = lms.message(client, "leo")["id_token"]
    assert "not valid" in reason(lms.open(client, "leo", id_token=token))


def test_a_message_is_accepted_once(client: Client, lms: Lms) -> None:
    lms.connected()
    message = lms.message(client, "leo")
    assert client.post("/lti/launch", message).status_code == 302
    # as if the cookie had been kept
    name = next(one for one in client.cookies if "lti-" in one)
    nonce = state_of(message["state"]).nonce
    client.cookies[name] = nonce
    assert "already" in reason(client.post("/lti/launch", message))


def test_a_state_that_is_forged_or_old_is_refused(
    client: Client, lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    lms.connected()
    message = lms.message(client, "leo")
    forged = message["state"][:-2] + ("AA" if message["state"][-2:] != "AA" else "BB")
    assert "not opened from a course" in reason(
        client.post("/lti/launch", {**message, "state": forged})
    )
    later = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: later)
    assert "too long ago" in reason(client.post("/lti/launch", message))


def test_an_expired_message_is_refused(client: Client, lms: Lms) -> None:
    lms.connected()
    message = lms.message(client, "leo")
    claims = jwt.decode(message["id_token"], lms.key).claims | {"exp": int(time.time()) - 120}
    old = jwt.encode({"alg": "RS256", "kid": lms.key.kid}, claims, lms.key)
    assert "too long ago" in reason(client.post("/lti/launch", {**message, "id_token": old}))


def test_a_message_may_name_the_certificates_of_its_key(client: Client, lms: Lms) -> None:
    lms.connected()
    message = lms.message(client, "leo")
    claims = jwt.decode(message["id_token"], lms.key).claims
    header = {"alg": "RS256", "kid": lms.key.kid, "x5c": ["MII" + "A" * 1_500]}
    registry = JWSRegistry()
    registry.max_header_length = 10_000
    token = jwt.encode(header, claims, lms.key, registry=registry)

    assert client.post("/lti/launch", {**message, "id_token": token}).status_code == 302


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_message_without_the_key_of_the_lms_is_refused(
    client: Client, lms: Lms, algorithm: str
) -> None:
    lms.connected()
    message = lms.message(client, "leo")
    _, body, signature = message["id_token"].split(".")
    other = urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": lms.key.kid}).encode())
    token = ".".join((other.decode().rstrip("="), body, signature))

    assert "not valid" in reason(client.post("/lti/launch", {**message, "id_token": token}))


def test_a_message_signed_by_somebody_else_is_refused(client: Client, lms: Lms) -> None:
    lms.connected()
    lms.published = lms.key
    lms.key = RSAKey.generate_key(2048, auto_kid=True)
    assert "not valid" in reason(lms.open(client, "leo"))


@pytest.mark.parametrize("token", ["", "a.b.c", "no token", "e30.e30.", "\0"])
def test_something_else_than_a_message_is_refused(client: Client, lms: Lms, token: str) -> None:
    lms.connected()
    assert "not valid" in reason(lms.open(client, "leo", id_token=token))


def test_a_new_key_of_the_lms_is_read_once_a_minute(client: Client, lms: Lms) -> None:
    platform = lms.connected()
    lms.open(client, "leo")
    lms.key = RSAKey.generate_key(2048, auto_kid=True)
    assert "not valid" in reason(lms.open(client, "leo"))

    platform.refresh_from_db()
    assert platform.key_set_read_at is not None
    platform.key_set_read_at -= 2 * READ_AGAIN_AFTER
    platform.save()
    assert lms.open(client, "leo").status_code == 302


def test_another_browser_cannot_use_the_message(client: Client, lms: Lms) -> None:
    lms.connected()
    message = lms.message(client, "leo")
    victim = Client()

    response = victim.post("/lti/launch", message)

    assert response.status_code == 200
    assert "_auth_user_id" not in victim.session
    # a browser without cookies in frames begins again in a window
    again = victim.get(response.context["url"])
    assert again["Location"].startswith(f"{lms.url}/auth?")


def test_an_unknown_lms_and_an_incomplete_request_are_refused(client: Client, lms: Lms) -> None:
    lms.connected()
    assert "not connected" in reason(client.get("/lti/login?iss=https://other.example"), 404)
    assert "not connected" in reason(client.get("/lti/login?iss=%00"), 404)
    assert "login_hint" in reason(client.get(f"/lti/login?iss={lms.url}"), 400)
    lms.connected(name="LMS 2", client_id="kpi-2")
    assert "client_id" in reason(client.get(f"/lti/login?iss={lms.url}&login_hint=leo"), 400)


def test_a_disconnected_lms_opens_nothing(client: Client, lms: Lms) -> None:
    platform = lms.connected()
    message = lms.message(client, "leo")
    platform.is_active = False
    platform.save()
    assert "no longer connected" in reason(client.post("/lti/launch", message))


def test_an_lms_whose_keys_cannot_be_read_is_not_available(client: Client, lms: Lms) -> None:
    lms.connected(keys_url=f"{lms.url}/nothing")
    assert "keys" in reason(lms.open(client, "leo"), 503)


def test_the_refusal_of_the_lms_is_told(client: Client, lms: Lms) -> None:
    lms.connected()
    state = lms.message(client, "leo")["state"]
    answer = client.post("/lti/launch", {"state": state, "error": "login_required"})
    assert "Sign in there" in reason(answer)


def test_roles_are_stored_without_names(client: Client, lms: Lms) -> None:
    connected_with_py(lms, client)
    lms.open(client, "leo")
    roles = Participation.objects.values_list("member__subject", "is_instructor", "is_learner")
    assert set(roles) == {("ines", True, False), ("leo", False, True)}
