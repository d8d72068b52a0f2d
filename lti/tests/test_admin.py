from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import CourseGrant
from accounts.tests.people import account, course, run_of
from lti.models import Context, Platform, ToolKey
from lti.tests.lms import Lms, publish_tool_keys

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(account("Sam", is_staff=True, is_superuser=True))
    return client


def form_of(context: Context, **fields: object) -> dict[str, object]:
    return {"title": context.title, "label": context.label, "course": "", "run": "", **fields}


def test_the_page_of_an_lms_says_what_to_enter_there(staff: Client) -> None:
    page = staff.get("/admin/lti/platform/add/").content.decode()
    for address in ("/lti/login", "/lti/launch", "/lti/keys"):
        assert address in page


def test_an_address_that_is_no_origin_is_refused(staff: Client) -> None:
    form = {
        "name": "LMS",
        "issuer": "https://lms.example",
        "client_id": "kpi",
        "deployment_ids": "1",
        "authorization_url": "https://lms.example/auth",
        "keys_url": "https://lms.example/keys",
        "learner_key": "sub",
        "page_origins": "https://lms.example/course",
    }
    page = staff.post("/admin/lti/platform/add/", form)
    assert "is no address such as" in page.content.decode()
    staff.post("/admin/lti/platform/add/", {**form, "page_origins": "https://lms.example"})
    assert Platform.objects.get().origins == ["https://lms.example"]


def test_connecting_a_course_gives_its_instructors_their_grants(staff: Client, lms: Lms) -> None:
    lms.connected()
    lms.open(Client(), "ines")
    assert "Courses of LMSs to connect" in staff.get("/admin/").content.decode()
    context, py, sql = Context.objects.get(), course("py"), course("sql")
    page = f"/admin/lti/context/{context.pk}/change/"

    staff.post(page, form_of(context, course=py.pk))
    assert CourseGrant.objects.get().course == py
    staff.post(page, form_of(context, course=sql.pk))
    assert CourseGrant.objects.get().course == sql
    wrong = staff.post(page, form_of(context, course=sql.pk, run=run_of(py).pk))
    assert "is not a run of this course" in wrong.content.decode()
    staff.post(f"/admin/lti/context/{context.pk}/delete/", {"post": "yes"})
    assert not CourseGrant.objects.exists()


def test_staff_read_a_roster_and_see_why_it_failed(staff: Client, lms: Lms) -> None:
    lms.connected()
    lms.open(Client(), "ines")
    publish_tool_keys()
    context = Context.objects.get()
    form = {"action": "read_roster", "_selected_action": context.pk}
    asked = staff.post("/admin/lti/context/", form)
    assert "lose their grants" in asked.content.decode()
    done = staff.post("/admin/lti/context/", {**form, "confirmed": "yes"}, follow=True)
    assert "0 people" in done.content.decode()
    lms.status = 403
    failed = staff.post("/admin/lti/context/", {**form, "confirmed": "yes"}, follow=True)
    assert "answered 403" in failed.content.decode()


def test_public_keys_have_no_private_part(client: Client) -> None:
    first = client.get("/lti/keys").json()
    assert first == client.get("/lti/keys").json()
    (key,) = first["keys"]
    assert key["kid"] == ToolKey.objects.get().key_id
    assert not {"d", "p", "q"} & key.keys()
