from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatch
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

from kpisite.i18n import catalogs, model_names
from kpisite.i18n.catalogs import App
from kpisite.testing import untranslated
from kpisite.testing.untranslated import Finding

pytestmark = pytest.mark.once

# text for programs, operators and developers, which is always in English
FOR_PROGRAMS = (
    # answers of the API, and its reference
    "accounts/api_authentication.py", "accounts/api_permissions.py", "support/access.py",
    "core/api_errors.py",
    "core/api_models.py", "core/database/bulk_upsert.py", "core/database/column_values.py",
    "core/database/compiled_queries.py", "core/database/given_rows.py",
    # names and meanings of columns, and SQL
    "exports/*",
    "*/api.py", "*/api/*", "*/response_models.py", "*/query_params.py", "core/cursor_pages.py",
    "xapi/documents/*", "xapi/statements/*", "xapi/validation/*", "statements/caliper/*",
    # what a terminal or a log shows
    "engagement/oulad/*", "kpisite/config/*", "kpisite/settings/*", "kpisite/launcher/*",
    "kpisite/checks.py", "kpisite/celery.py", "kpisite/disk_space.py", "kpisite/gunicorn.py",
    "kpisite/time_zone.py", "kpisite/i18n/catalogs.py", "kpisite/i18n/model_names.py",
    "kpisite/backups/*", "kpisite/jobs/*", "kpisite/doctor/*", "kpisite/upgrading/*",
    "kpisite/mail/*", "kpisite/observing/*", "kpisite/metrics/*", "kpisite/byte_sizes.py",
    "kpisite/http/access_log.py", "kpisite/http/middleware.py", "kpisite/http/languages.py",
    "kpisite/http/outage_responses.py",
    "kpisite/api_reference.py", "templates/kpisite/api_docs.html", "templates/kpisite/_api_*.html",
    "core/progress_bars.py", "demo/known_password.py", "kpis/recompute/*",
    # columns and values as tools write them
    "intake/files/shapes/*", "intake/files/tool_file.py", "intake/csv/timestamps.py",
    # SQL, and errors in declarations
    "statements/sources/*", "statements/replay_queue.py",
    "kpis/aggregation/*", "kpis/definitions/facts.py", "kpis/definitions/declared_facts.py",
    "kpis/definitions/lookup_paths.py", "learners/progress/cohort.py", "intake/partitions.py",
    # names of a protocol
    "lti/protocol/claims.py", "statements/move_on.py",
    # demonstration data
    "demo/*",
    # lists of words that are matched with comments
    "outcomes/feedback/keywords.py", "outcomes/feedback/language.py",
    "outcomes/feedback/theme_names.py",
)  # fmt: skip
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+")
APPS = {app.name: app for app in catalogs.every_app()}
LANGUAGES = catalogs.languages()

each_app = pytest.mark.parametrize("app", APPS.values(), ids=APPS.keys())
each_language = pytest.mark.parametrize("language", LANGUAGES)


def catalog_of(app: App, language: str) -> dict[tuple[str | None, str], Message]:
    path = app.po(language)
    messages = catalogs.read(path, language) if path.exists() else ()
    return {key_of(one): one for one in messages if one.id}


def key_of(message: Message) -> tuple[str | None, str]:
    return message.context, texts(message.id)[0]


def texts(of: Any) -> list[str]:
    return [of] if isinstance(of, str) else [str(one) for one in of or ()]


@each_language
@each_app
def test_a_catalog_contains_exactly_the_messages_of_the_app(app: App, language: str) -> None:
    current = {key_of(one) for one in app.messages if one.id}

    assert set(catalog_of(app, language)) == current, "run: manage.py translations update"


@each_language
@each_app
def test_every_message_is_translated_in_all_its_forms(app: App, language: str) -> None:
    messages = catalog_of(app, language)

    missing = [key for key, one in messages.items() if not catalogs.is_translated(one)]

    assert missing == []


@each_language
@each_app
def test_a_catalog_has_no_obsolete_messages(app: App, language: str) -> None:
    path = app.po(language)

    assert not path.exists() or not catalogs.read(path, language).obsolete


@each_language
@each_app
def test_a_translation_has_the_placeholders_and_elements_of_its_message(
    app: App, language: str
) -> None:
    wrong = [one.id for one in catalog_of(app, language).values() if not agrees(one)]

    assert wrong == []


def agrees(message: Message) -> bool:
    """True if each form has all placeholders; the singular may omit the number."""
    wanted = [sorted(PLACEHOLDER.findall(one)) for one in texts(message.id)]
    given = [sorted(PLACEHOLDER.findall(one)) for one in texts(message.string) if one]
    if message.pluralizable and given:
        return set(given[0]) <= set(wanted[1]) and all(one == wanted[1] for one in given[1:])
    return all(one == wanted[0] for one in given)


@each_language
def test_a_message_has_one_translation_in_all_apps(language: str) -> None:
    """Django looks messages up in one dictionary for all apps."""
    found = defaultdict(set)
    for app in APPS.values():
        for key, one in catalog_of(app, language).items():
            if catalogs.is_translated(one):
                found[key].add(tuple(texts(one.string)))

    assert {key: forms for key, forms in found.items() if len(forms) > 1} == {}


@each_language
@each_app
def test_the_compiled_catalog_matches_its_source(app: App, language: str) -> None:
    """Deploying a checkout has no build step that would compile it."""
    po, mo = app.po(language), app.mo(language)
    assert po.exists() == mo.exists(), "run: manage.py translations compile"
    if po.exists():
        want = catalogs.compiled(catalogs.read(po, language))

        assert loaded(mo.read_bytes()) == loaded(want), "run: manage.py translations compile"


def loaded(compiled: bytes) -> dict[object, str]:
    """Return the messages without the header, which contains the version of Babel."""
    reader = GNUTranslations()
    reader._parse(BytesReader(compiled))
    return {key: text for key, text in reader._catalog.items() if key}  # type: ignore[attr-defined]


class BytesReader:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self) -> bytes:
        return self.content


@each_app
def test_templates_have_no_untranslated_text(app: App) -> None:
    paths = [path for path in app.templates if not is_for_programs(path)]

    assert [str(one) for path in paths for one in untranslated.in_template(path)] == []


@each_app
def test_code_has_no_untranslated_text(app: App) -> None:
    paths = [path for path in app.python if not is_for_programs(path)]

    assert [str(one) for path in paths for one in untranslated.in_python(path)] == []


def is_for_programs(path: Path) -> bool:
    shown = str(path.relative_to(settings.BASE_DIR))
    return any(fnmatch(shown, pattern) for pattern in FOR_PROGRAMS)


def words(found: list[Finding]) -> list[str]:
    return [" ".join(one.text.split()) for one in found]


def test_text_outside_translation_tags_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "{% load i18n %}<p title='A hint'>{{ name }} is here</p>{# not this #}<code>nor this</code>"
        "{% translate 'Done' %}{% blocktranslate trimmed %}Hello {{ name }}{% endblocktranslate %}"
        "<a aria-label='{% translate 'Close' %}'>API</a>{{ value|default:'nothing' }}"
    )

    assert words(untranslated.in_template(page)) == ["nothing", "A hint", "is here"]


def test_text_outside_gettext_is_found(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text(
        '"""A docstring of words."""\n'
        'note = "Write the comment first."\n'
        'STATES = {"ok and well": "Closed"}\n'
        'said = _("This one is translated.") + gettext(f"Not {this} one.")\n'
        'logger.info("Somebody has done it")\n'
        'raise ValueError("A fault of ours.")\n'
        'class Kind(models.TextChoices):\n    A = "a", "first"\n'
        'field = models.CharField("may be quoted", help_text="Empty: all.")\n'
        'text = f"{number} rows were read"\n'
        'told = "Said to a log."  # not translated: a log\n'
        'drawn = f\'<rect class="wide bar" x="{x}"/>\'\n'
        'named = "<b title=\\"In words\\"></b>"\n'
    )

    assert sorted(words(untranslated.in_python(code))) == [
        '<b title="In words"></b>',
        "Closed", "Empty: all.", "Not … one.", "Write the comment first.", "first",
        "… rows were read",
    ]  # fmt: skip


def test_docstring_paragraphs_of_declarations_are_messages() -> None:
    source = (
        '@kpi("a", "b")\ndef one():\n    """First line\n    goes on.\n\n    Then."""\n'
        'def two():\n    """No declaration."""\n'
    )

    assert [text for _, text in catalogs.shown_docstrings(source)] == [
        "First line goes on.",
        "Then.",
    ]


def test_names_of_models_are_messages_of_their_app() -> None:
    names = [message.id for message in APPS["curriculum"].messages]

    assert {"course run", "course runs", "nominal length"} <= set(names)


def test_a_sentence_is_shown_in_the_active_language() -> None:
    with translation.override("de"):
        assert translation.gettext("Week %(week)s of %(year)s (%(first)s – %(last)s)").startswith(
            "Woche"
        )


def test_names_of_models_are_plain_texts() -> None:
    """A lazy name without a plural of its own would get an English s in every language."""
    lazy = [
        model._meta.label
        for app in model_names.our_apps()
        for model in app.get_models()
        if isinstance(model._meta.original_attrs.get("verbose_name"), Promise)
        and "verbose_name_plural" not in model._meta.original_attrs
    ]

    assert lazy == []
