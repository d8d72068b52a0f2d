"""A certificate: its owner's list, the public page, and the file."""

from __future__ import annotations

import io
import logging

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from core.pdf_fonts import can_write
from curriculum.models import Learner
from learners.certificates.certified import Certified, certified
from learners.certificates.pdf import certificate_pdf
from learners.tests.studies import did, enrolled, school, signed_in, text_of, with_account
from outcomes.models import CertificateCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    school()
    enrolled("ada")
    did("ada", "certificate.earned", "2026-01-09", data={"number": "PY-7"})
    return with_account()


def path() -> str:
    return f"/certificates/{CertificateCode.objects.get()}"


def found() -> Certified:
    one = certified(CertificateCode.objects.get().code, timezone.now())
    assert one is not None
    return one


def test_everybody_who_has_the_code_sees_what_the_certificate_says(ada: User) -> None:
    page = text_of(Client(), path())

    assert "This certificate is valid." in page
    assert "Ada Lovelace has completed the course Course py" in page
    assert "Earned 9 January 2026 Number PY-7" in page
    assert "ada@" not in page


def test_a_code_is_read_in_upper_case_and_without_dashes(ada: User) -> None:
    code = CertificateCode.objects.get().code

    assert "Ada Lovelace" in text_of(Client(), f"/certificates/{code.upper()}")


def test_a_revoked_certificate_says_so_but_not_why(ada: User) -> None:
    did("ada", "certificate.revoked", "2026-01-12", data={"reason": "copied"})
    page = text_of(Client(), path())

    assert "This certificate was revoked on 12 January 2026." in page
    assert "copied" not in page
    assert signed_in(ada).get(f"{path()}/pdf").headers["Location"] == path()


def test_an_expired_certificate_says_so(ada: User) -> None:
    did("ada", "certificate.expired", "2026-01-12")

    assert "This certificate expired on 12 January 2026." in text_of(Client(), path())


@pytest.mark.parametrize("code", ["forged", "a" * 300, "%00", "ä", "....-", "1' OR '1'='1"])
def test_an_unknown_code_gets_one_sentence_that_reveals_nothing(ada: User, code: str) -> None:
    page = text_of(Client(), f"/certificates/{code}", 404)

    assert "There is no certificate with this code." in page
    assert "Ada" not in page


def test_certificates_are_neither_indexed_nor_leaked_to_other_sites(ada: User) -> None:
    for address in (path(), "/certificates/forged"):
        headers = Client().get(address).headers
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_the_own_list_leads_to_the_page_and_the_file(ada: User) -> None:
    client = signed_in(ada)
    listed = client.get("/certificates").content.decode()

    assert path() in listed
    assert f"{path()}/pdf" in client.get(path()).content.decode()
    response = client.get(f"{path()}/pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")


def test_only_the_owner_gets_the_file(ada: User) -> None:
    for other in (with_account("bo"), with_account("staff", is_staff=True)):
        assert signed_in(other).get(f"{path()}/pdf").status_code == 404
    assert "pdf" not in Client().get(path()).content.decode()


def test_the_file_writes_names_beyond_latin_1_and_embeds_quietly(
    ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    CertificateCode.objects.update(name="Zoë Дженкинс Nguyễn Łukasz Ωμέγα")
    content = certificate_pdf(found())

    assert "Zoë Дженкинс Nguyễn Łukasz Ωμέγα" in text_in(content)
    assert "Anybody can verify it here:" in text_in(content)
    assert [one for one in caplog.records if one.name.startswith(("fontTools", "fpdf"))] == []


@pytest.mark.parametrize("name", ["أدا لوفلايس", "עדה", "एडा", "エイダ", "Ada 🎓"])
def test_a_name_that_the_fonts_cannot_write_is_a_page_without_a_file(ada: User, name: str) -> None:
    CertificateCode.objects.update(name=name)
    client = signed_in(ada)

    assert not can_write(name)
    assert name in text_of(client, path())
    assert client.get(f"{path()}/pdf").headers["Location"] == path()


def test_a_certificate_without_a_name_says_so(ada: User) -> None:
    Learner.objects.update(name="", user=None)

    assert "No name is recorded." in text_of(Client(), path())


def text_in(content: bytes) -> str:
    (page,) = PdfReader(io.BytesIO(content)).pages
    return page.extract_text()
