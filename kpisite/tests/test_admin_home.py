"""The admin's home: what waits for whom, what people need, and the machine room apart."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.people import account, course
from alerts.tests.alerted import create_alert
from curriculum_pages.tests.adjusted import proposed
from improvement.models import Adjustment
from intake.models import RejectedEvent
from intake.tests.lms import Lms
from kpis.models import DataFreshness
from kpisite.admin_site import MACHINE_ROOM, SECTIONS
from notifications.models import Channel, Notification

pytestmark = pytest.mark.django_db
WORK = re.compile(r'<a href="([^"]+)"><strong>([\d,]+)</strong> ([^<]+)</a>')


@pytest.fixture
def _work() -> None:
    """One row of each kind that waits."""
    made = course("py")
    alert = create_alert(made)
    proposed(made, alert=alert)
    Adjustment.objects.update(status=Adjustment.Status.PROPOSED, closed_at=None)
    Lms("events:write").post([{"id": "no", "kind": "quiz.attempted"}])
    Notification.objects.create(
        channel=Channel.objects.earliest("pk"), key="n", to="x", state=Notification.State.DEAD
    )
    long_ago = timezone.now() - timedelta(days=60)
    DataFreshness.objects.create(
        category="engagement", course=made, data_through=long_ago, received_at=long_ago
    )


def home(client: Client, user: User) -> dict[str, tuple[str, str]]:
    """Return the work by its title, with the number and the address."""
    client.force_login(user)
    page = client.get("/admin/").content.decode()
    return {title: (count, url.replace("&amp;", "&")) for url, count, title in WORK.findall(page)}


def member(group: str) -> User:
    made = account("Bo", is_staff=True)
    made.groups.add(Group.objects.get(name=group))
    return made


ALL = {
    "Open alerts without an owner",
    "Proposals to approve or reject",
    "Rejected events to correct",
    "Notifications that failed permanently",
    "Feeds without recent data",
}


@pytest.mark.usefixtures("_work")
@pytest.mark.parametrize(
    ("group", "titles"),
    [
        ("Administrators", ALL),
        ("Analysts", {"Open alerts without an owner", "Feeds without recent data"}),
        ("Curriculum editors", {"Proposals to approve or reject"}),
        (
            "Operators",
            {
                "Rejected events to correct",
                "Notifications that failed permanently",
                "Feeds without recent data",
            },
        ),
    ],
)
def test_everybody_sees_the_work_that_they_may_do(
    client: Client, group: str, titles: set[str]
) -> None:
    assert set(home(client, member(group))) == titles


@pytest.mark.usefixtures("_work")
def test_each_link_leads_to_exactly_these_rows(client: Client) -> None:
    work = home(client, account("Ada", is_staff=True, is_superuser=True))
    rows = {title: client.get(url).context["cl"].result_count for title, (_, url) in work.items()}

    assert set(work) == ALL
    assert rows == {title: int(count) for title, (count, _) in work.items()}


def test_staff_without_work_read_that_there_is_none(client: Client) -> None:
    assert home(client, account("Eve", is_staff=True)) == {}
    assert "<p>Nothing.</p>" in client.get("/admin/").content.decode()


@pytest.mark.usefixtures("_work")
def test_the_home_page_makes_one_query_per_kind_of_work(client: Client) -> None:
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    client.get("/admin/")
    with CaptureQueriesContext(connection) as few:
        client.get("/admin/")
    RejectedEvent.objects.bulk_create(
        RejectedEvent(sender="lms", digest=f"{at}", payload="{}", received_at=timezone.now())
        for at in range(30)
    )
    with CaptureQueriesContext(connection) as many:
        client.get("/admin/")

    # session, account, permissions, three of the header, the latest changes, eleven kinds of work
    assert len(few) == len(many) <= 19


def test_each_model_of_a_section_is_registered_once() -> None:
    registered = {one._meta.label_lower for one in admin.site._registry}
    listed = [label for _, labels in SECTIONS for label in labels]

    assert sorted(listed) == sorted(set(listed))
    assert set(listed) <= registered


def test_the_machine_room_is_apart(client: Client) -> None:
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    *sections, last = client.get("/admin/").context["app_list"]

    assert last["name"] is MACHINE_ROOM
    assert {"Measurements", "Stale days", "Restatements"} <= {
        str(one["name"]) for one in last["models"]
    }
    assert [one["is_machine_room"] for one in sections] == [False] * len(SECTIONS)


def test_an_operator_sees_no_section_without_a_model(client: Client) -> None:
    client.force_login(member("Operators"))
    names = [str(one["name"]) for one in client.get("/admin/").context["app_list"]]

    assert names == ["Incoming data", "Accounts and connections", "Machine room"]
