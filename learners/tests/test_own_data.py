"""What is stored about Ada: she reads, downloads and corrects it, and nobody else's."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord, User
from curriculum.models import Learner
from learners.tests.studies import did, enrolled, school, signed_in, text_of, with_account
from outcomes.models import CertificateCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    school()
    enrolled("ada", "bo")
    with_account("bo")
    return with_account()


def test_the_page_says_what_is_stored_and_why(ada: User) -> None:
    page = text_of(signed_in(ada), "/my-data")

    assert "Enrollments (1) Who takes which course, and when." in page
    assert "On erasure: stays." in page
    assert "Bo" not in page


def test_the_number_of_queries_does_not_grow_with_what_is_stored(ada: User) -> None:
    client = signed_in(ada)
    school("sql", "r", "go")
    counts = []
    for day, course in (("2026-01-06", "sql"), ("2026-01-07", "r"), ("2026-01-08", "go")):
        enrolled("ada", course=course)
        did("ada", "content.viewed", day, course=course)
        did("ada", "invitation.sent", day, data={"code": day})
        with CaptureQueriesContext(connection) as queries:
            text_of(client, "/my-data")
        counts.append(len(queries))

    assert counts == [14, 14, 14]


def test_downloads_hold_the_own_data_on_the_record(ada: User) -> None:
    client = signed_in(ada)
    exported = json.loads(client.get("/my-data.json").content)
    with zipfile.ZipFile(io.BytesIO(client.get("/my-data.zip").content)) as archive:
        names = archive.namelist()

    assert exported["learner"] == "ada"
    assert len(exported["data"]["curriculum.Enrollment"]["rows"]) == 1
    assert {"data.json", "curriculum.Enrollment.csv"} <= set(names)
    assert AccessRecord.objects.filter(action="exported", row=ada.learner.pk).count() == 2


def test_without_a_learner_there_is_nothing_to_download() -> None:
    user = with_account("cleo")
    Learner.objects.all().delete()

    assert "does not belong to a learner" in text_of(signed_in(user), "/my-data")
    assert signed_in(user).get("/my-data.zip").headers["Location"] == "/my-data"
    assert Client().get("/my-data.zip").headers["Location"].startswith("/sign-in")


def test_correcting_the_name_and_the_language(ada: User) -> None:
    client = signed_in(ada)
    client.post("/my-data", {"name": " Ada King ", "language": "de"})
    ada.refresh_from_db()

    assert (ada.name, ada.language) == ("Ada King", "de")
    assert Learner.objects.get(key="ada").name == "Ada King"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "A\0"},
        {"name": "A\nB"},
        {"name": "\u202eadA"},
        {"name": "A", "language": "xx"},
    ],
)
def test_a_wrong_profile_changes_nothing(ada: User, wrong: dict[str, str]) -> None:
    page = signed_in(ada).post("/my-data", wrong)

    assert page.context["form"].errors
    assert User.objects.get(pk=ada.pk).name == "Ada"
    assert Learner.objects.get(key="ada").name == "Ada Lovelace"


def test_nobody_becomes_staff_or_takes_another_address(ada: User) -> None:
    more = {"is_staff": "on", "is_superuser": "on", "email": "bo@example.com", "id": "1"}
    signed_in(ada).post("/my-data", {"name": "Ada", **more})
    ada.refresh_from_db()

    assert (ada.is_staff, ada.is_superuser, ada.email) == (False, False, "ada@example.com")


def test_a_certificate_keeps_the_name_it_was_issued_to(ada: User) -> None:
    did("ada", "certificate.earned", "2026-01-09")
    signed_in(ada).post("/my-data", {"name": "Eve"})
    path = f"/certificates/{CertificateCode.objects.get()}"

    assert "Ada Lovelace" in text_of(Client(), path)


def test_a_certificate_also_keeps_the_name_of_the_account(ada: User) -> None:
    Learner.objects.filter(key="ada").update(name="")
    did("ada", "certificate.earned", "2026-01-09")
    signed_in(ada).post("/my-data", {"name": "Eve"})

    assert CertificateCode.objects.get().name == "Ada"
