from __future__ import annotations

import pytest
from django.test import Client

from accounts.tests.people import account, course
from lti.tests.lms import Lms, the_context

pytestmark = pytest.mark.django_db

POLICY = "Content-Security-Policy"
IN_A_FRAME = {"Sec-Fetch-Dest": "iframe"}


def opened_in_a_frame(lms: Lms) -> Client:
    client = Client(headers=IN_A_FRAME)
    lms.connected()
    lms.open(Client(), "ines")
    the_context(course=course())
    assert lms.open(client, "ines").status_code == 302
    return client


def test_the_lms_may_show_pages_of_whom_it_opened_the_site_for(lms: Lms) -> None:
    page = opened_in_a_frame(lms).get("/kpi-dashboard?course=py")
    assert f"frame-ancestors {lms.url};" in page[POLICY] + ";"
    assert "X-Frame-Options" not in page


def test_cookies_of_a_frame_are_kept_apart_by_the_site_around_it(lms: Lms) -> None:
    client = opened_in_a_frame(lms)
    for name in ("sessionid", "active", "csrftoken"):
        cookie = client.cookies.get(name)
        if cookie is not None:
            assert (cookie["samesite"], cookie["secure"]) == ("None", True), name
            assert cookie["partitioned"], name
            assert "Partitioned" in cookie.OutputString()


def test_nobody_elses_pages_are_shown_in_frames(lms: Lms) -> None:
    opened_in_a_frame(lms)
    client = Client(headers=IN_A_FRAME)
    client.force_login(account("Mia", is_staff=True))
    page = client.get("/kpi-dashboard")
    assert "frame-ancestors 'none'" in page[POLICY]
    assert page["X-Frame-Options"] == "DENY"


def test_the_admin_is_shown_in_no_frame(lms: Lms) -> None:
    page = opened_in_a_frame(lms).get("/admin/login/")
    assert page["X-Frame-Options"] == "DENY"


def test_a_window_of_its_own_gets_an_ordinary_session(lms: Lms) -> None:
    client = Client(headers={"Sec-Fetch-Dest": "document"})
    lms.connected()
    lms.open(client, "leo")
    page = client.get("/my-progress")
    assert page["X-Frame-Options"] == "DENY"


def test_other_addresses_may_be_named(lms: Lms) -> None:
    client = Client(headers=IN_A_FRAME)
    lms.connected(page_origins="https://a.example\nhttps://b.example:8443")
    lms.open(client, "leo")
    page = client.get("/my-progress")
    assert "frame-ancestors https://a.example https://b.example:8443" in page[POLICY]
