"""Notes on dates: who reads them, by the API and in the admin."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client

from accounts.api_keys import create_api_key
from curriculum.models import Course
from kpis.models import DateNote
from kpis.tests.measured import course, manager, staff, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

URL = "/api/date-notes"


def note(text: str, first: str, last: str | None = None, of: Course | None = None) -> DateNote:
    until = date.fromisoformat(last) if last else None
    return DateNote.objects.create(
        text=text, first_day=date.fromisoformat(first), last_day=until, course=of
    )


def texts(client: Client, query: str = "") -> list[str]:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200
    return [one["text"] for one in response.json()["notes"]]


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_a_manager_reads_notes_of_granted_courses_and_of_the_site() -> None:
    py, sql = course("py"), course("sql")
    note("For all", "2026-06-01")
    note("New videos", "2026-06-02", of=py)
    note("Not for Bo", "2026-06-03", of=sql)

    assert texts(signed_in(manager(py))) == ["For all", "New videos"]
    assert texts(signed_in(staff()), "course=sql") == ["For all", "Not for Bo"]


def test_a_stranger_reads_none() -> None:
    note("For all", "2026-06-01")

    assert signed_in(stranger()).get(URL).status_code == 403


def test_the_days_of_a_note_overlap_with_those_asked_for() -> None:
    note("Before", "2026-05-30")
    note("Until June", "2026-05-30", "2026-06-01")
    note("Within", "2026-06-30")
    note("After", "2026-07-01")
    secret = create_api_key("bi", ["kpis:read"])[1]
    key = Client(headers={"Authorization": f"Bearer {secret}"})

    assert texts(key, "from=2026-06-01&to=2026-06-30") == ["Until June", "Within"]


def test_the_api_names_the_course_and_both_days() -> None:
    made = note("New videos", "2026-06-02", of=course("py"))
    body = signed_in(staff()).get(URL).json()["notes"][0]

    assert (body["id"], body["course"]) == (made.pk, "py")
    assert (body["first_day"], body["last_day"]) == ("2026-06-02", "2026-06-02")


def test_a_note_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValidationError, match="The last day is before the first"):
        DateNote(text="Wrong", first_day=date(2026, 6, 2), last_day=date(2026, 6, 1)).full_clean()
    with pytest.raises(IntegrityError):
        note("Wrong", "2026-06-02", "2026-06-01")


def test_the_admin_keeps_who_wrote_a_note_and_its_history() -> None:
    ada = signed_in(staff())
    form = {"text": "New videos", "first_day": "2026-06-02", "last_day": "", "course": ""}

    ada.post("/admin/kpis/datenote/add/", form)
    made = DateNote.objects.get()
    ada.post(f"/admin/kpis/datenote/{made.pk}/change/", form | {"text": "Newer videos"})
    made.refresh_from_db()

    assert (made.text, str(made.written_by)) == ("Newer videos", "Ada")
    assert LogEntry.objects.filter(object_id=str(made.pk)).count() == 2
