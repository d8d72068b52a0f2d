"""Who agreed to be quoted, when and to which words is recorded, and can be withdrawn."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.admin_pages import staff
from accounts.tests.people import account
from curriculum.models import Course
from intake.replay import replay_events
from outcomes.facts import quote_consents
from outcomes.feedback import theme_actions
from outcomes.models import QuoteConsent, Response, Testimonial
from outcomes.tests.comments import wrote
from outcomes.tests.school import school

pytestmark = pytest.mark.django_db

TERMS = "You may quote me without my name."


@pytest.fixture
def python(db: None) -> Course:
    return school()


@pytest.fixture
def quoted(python: Course) -> Response:
    """An answer that is shown as a testimonial."""
    wrote("Lovely.", may_quote=True, quote_terms=TERMS)
    answer = Response.objects.get()
    theme_actions.approve(answer, by=account("Dora"))
    return answer


def test_a_consent_is_recorded_with_its_words_and_its_place(quoted: Response) -> None:
    consent = QuoteConsent.objects.get()

    assert (consent.response, consent.given_at) == (quoted, quoted.answered_at)
    assert (consent.text, consent.sender, consent.withdrawn_at) == (TERMS, "lms", None)


def test_no_consent_is_recorded_without_a_comment_or_a_tick(python: Course) -> None:
    wrote("Lovely.")
    wrote(" ", may_quote=True, nps=9)

    assert not QuoteConsent.objects.exists()


def test_each_answer_has_a_consent_of_its_own(quoted: Response) -> None:
    wrote("Lovelier.", quoted.enrollment.learner.key, at="2026-01-22", may_quote=True)

    assert QuoteConsent.objects.filter(response=quoted).count() == 2


def test_a_withdrawn_comment_is_no_longer_quoted(quoted: Response) -> None:
    assert quote_consents.withdraw(Response.objects.all(), timezone.now()) == 1
    assert quote_consents.withdraw(Response.objects.all(), timezone.now()) == 0

    assert QuoteConsent.objects.get().withdrawn_at is not None
    assert not Testimonial.objects.shown().exists()


def test_a_replay_does_not_bring_a_withdrawn_consent_back(quoted: Response) -> None:
    quote_consents.withdraw(Response.objects.all(), timezone.now())
    replay_events()

    assert not Response.objects.get().may_quote
    assert not Testimonial.objects.shown().exists()


def test_pages_show_a_withdrawn_quotation_no_more(quoted: Response) -> None:
    reader = Client()
    reader.force_login(account("Cleo", is_staff=True))
    url = "/api/kpi/outcome/feedback?from=2026-01-01&to=2026-01-31"
    before = [reader.get(url).content.decode() for _ in range(2)]
    quote_consents.withdraw(Response.objects.all(), timezone.now())
    after = reader.get(url).content.decode()

    assert ["Lovely." in page for page in before] == [True, True]
    assert "Lovely." not in after


def test_staff_withdraw_a_consent_in_the_admin(client: Client, quoted: Response) -> None:
    staff(client, "view_response", "view_quoteconsent", "delete_testimonial")
    chosen = {"action": "withdraw_consent", "_selected_action": [quoted.pk]}
    client.post("/admin/outcomes/response/", chosen)

    assert not Response.objects.get().may_quote
    assert TERMS in client.get(f"/admin/outcomes/response/{quoted.pk}/change/").content.decode()


def test_staff_without_the_permission_withdraw_nothing(client: Client, quoted: Response) -> None:
    staff(client, "view_response")
    chosen = {"action": "withdraw_consent", "_selected_action": [quoted.pk]}
    client.post("/admin/outcomes/response/", chosen)

    assert Response.objects.get().may_quote
