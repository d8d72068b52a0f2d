"""Pages in a pseudo language that brackets translated text: text outside is untranslated."""

from __future__ import annotations

import re
from gettext import NullTranslations
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils.translation import trans_real

from accounts.models import User
from alerts.models import AlertRule
from curriculum.models import Course
from kpis.definitions.registry import REGISTRY
from kpis.models import Target
from kpisite.testing.untranslated import MACHINE_ELEMENTS, NAMES, READABLE_ATTRIBUTES
from notifications.models import Channel
from outcomes.models import Survey
from outcomes.models.surveys import SHIPPED_TEXTS
from presentation.categories import CATEGORIES

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BRACKETED = re.compile("⟦[^⟦⟧]*⟧")
LETTERS = re.compile("[A-Za-z]{2,}")
# dates and units as Babel writes them, addresses, keys and file names
DATA = re.compile(
    r"[\w.+-]+@[\w.-]+|https?://\S+|\S+[._/]\S+|\b(?:Jan|Feb|März|Apr|Mai|Juni?|Juli?|Aug|Sept?"
    r"|Okt|Nov|Dez)\w*\.?|\bQ\d|\bUSD\b|\bEnglish\b|\bDeutsch\b"
)
# text that Django and its packages do not translate
NOT_OURS = re.compile(
    r"\bCan (?:add|change|delete|view) .*|^Axes |^(?:Search|True|False|None)$"
    r"|\b(?:static|TOTP) (?:device|token)s?\b"
)
PAGES = [
    "/", "/sign-in", "/account/password", "/account/forgotten", "/account/forgotten/sent",
    "/nowhere", "/s/unknown", "/r/unknown", "/alerts", "/admin/",
]  # fmt: skip


class Bracketed(NullTranslations):
    """Translate each text into itself in brackets."""

    def gettext(self, message: str) -> str:
        # the context precedes the text
        return f"⟦{message.rpartition(trans_real.CONTEXT_SEPARATOR)[2]}⟧" if message else ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def to_language(self) -> str:
        return "de"


@pytest.fixture
def client(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Sign in a superuser who reads German; all data are in Greek letters."""
    monkeypatch.setitem(trans_real._translations, "de", Bracketed())  # type: ignore[attr-defined]
    user = User.objects.create_user(
        "1@2.34", "secret", name="Ω", language="de", is_staff=True, is_superuser=True
    )
    Course.objects.create(key="δ", title="ΔΣ")
    # rows that a new site starts with are data, which staff can rename
    for shipped in (AlertRule, Channel, Group, Survey, Target):
        shipped.objects.all().delete()
    client.force_login(user)
    return client


def paths() -> list[str]:
    tabs = [f"/kpi-dashboard?tab={key}" for key in CATEGORIES]
    kpis = [f"/kpi-dashboard/{key}" for key in REGISTRY]
    models = [f"{one._meta.app_label}_{one._meta.model_name}" for one in admin.site._registry]
    lists = [reverse(f"admin:{name}_changelist") for name in models]
    return [*PAGES, *tabs, *kpis, *lists, *(f"{path}add/" for path in lists)]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.machine = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.machine += tag in MACHINE_ELEMENTS
        self.attributes += [value for name, value in attrs if name in READABLE_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self.machine -= tag in MACHINE_ELEMENTS

    def handle_data(self, data: str) -> None:
        if not self.machine:
            self.texts.append(" ".join(data.split()))


def untranslated(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    # brackets may open and close in different elements: a translated text may hold markup
    texts = without_brackets("\n".join(reader.texts)).split("\n")
    texts += map(without_brackets, reader.attributes)
    return [text for text in texts if LETTERS.search(bare(text))]


def without_brackets(text: str) -> str:
    # from within: a translated text may hold another
    while BRACKETED.search(text):
        text = BRACKETED.sub("", text)
    return text


def bare(text: str) -> str:
    text = DATA.sub("", NOT_OURS.sub("", text.strip()))
    # fields are filled in with shipped texts as stored, in English
    for name in sorted({*NAMES, *SHIPPED_TEXTS}, key=len, reverse=True):
        text = text.replace(name, "")
    return text


@pytest.mark.parametrize("path", paths())
def test_a_page_shows_no_text_that_is_not_translated(client: Client, path: str) -> None:
    page = client.get(path, follow=True)

    assert untranslated(page.text) == []


def test_text_outside_brackets_is_found() -> None:
    html = "<p title='a hint'>⟦Sent on ⟦Monday⟧⟧, 2. Mai 2026</p><code>as is</code><b>Left out</b>"

    assert untranslated(html) == ["Left out", "a hint"]
