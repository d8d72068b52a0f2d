"""Extract messages from the sources and keep the translation catalogs up to date, with Babel.

Each app has its own catalog, `<app>/locale/<language>/LC_MESSAGES/django.po`. Messages of templates
and packages that belong to no app are in `locale/` at the top.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from inspect import cleandoc
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from kpisite.i18n import model_names

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# readers see the docstrings of the functions that these decorate
DECLARATIONS = {"kpi", "composite", "drill_down"}
COMMENTS = ("Translators",)
NO_SOURCES = {"tests", "testing", "migrations", "locale", "static", "management"}
TEMPLATES = {".html", ".txt"}
# the name of the catalog for messages that belong to no app
PROJECT = "project"
SOURCE_LANGUAGE = "en"
# a fixed date, so that updating without changes leaves the catalogs as they are
FIXED_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def languages() -> list[str]:
    """Return the codes of the languages to translate into."""
    return [code for code, _ in settings.LANGUAGES if code != SOURCE_LANGUAGE]


@dataclass(frozen=True)
class App:
    """One app, or the rest of the project: its source files and its catalogs."""

    name: str
    folder: Path
    python: tuple[Path, ...]
    templates: tuple[Path, ...]

    def po(self, language: str) -> Path:
        return self.folder / "locale" / language / "LC_MESSAGES" / "django.po"

    def mo(self, language: str) -> Path:
        return self.po(language).with_suffix(".mo")

    @cached_property
    def messages(self) -> Catalog:
        """Return the messages of its current sources, without translations."""
        found = Catalog()
        for path in self.python:
            _add(found, path, path.read_text())
            for line, paragraph in shown_docstrings(path.read_text()):
                found.add(paragraph, locations=[(_location(path), line)])
        for path in self.templates:
            # Babel reads it as Python, where indentation matters
            lines = templatize(path.read_text(), origin=str(path)).splitlines()
            _add(found, path, "\n".join(line.lstrip() for line in lines))
        for name in model_names.to_translate(self.name):
            found.add(name, auto_comments=["The name of an app, model or field."])
        return found


def every_app() -> list[App]:
    """Return our apps by name, and the rest of the project."""
    python: dict[str, list[Path]] = {}
    templates: dict[str, list[Path]] = {}
    folders = _folders()
    for path in _files():
        kind = python if path.suffix == ".py" else templates
        kind.setdefault(_app_of(path, folders), []).append(path)
    return [
        App(name, folder, tuple(python.get(name, ())), tuple(templates.get(name, ())))
        for name, folder in sorted({**folders, PROJECT: settings.BASE_DIR}.items())
    ]


def update(app: App, language: str, translated: Catalog) -> None:
    """Write the app's current messages into its catalog, keeping known translations."""
    catalog = new_catalog(language)
    for message in _messages(app.messages):
        old = translated.get(message.id, message.context)
        is_known = old is not None and isinstance(old.id, str) is isinstance(message.id, str)
        catalog.add(
            message.id,
            old.string if old and is_known else None,
            locations=sorted(message.locations),
            auto_comments=message.auto_comments,
            user_comments=old.user_comments if old else (),
            context=message.context,
        )
    path = app.po(language)
    if len(catalog) == 0:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, include_lineno=False)


def compile_catalog(app: App, language: str) -> None:
    """Compile the catalog into the file that Django loads; delete that if there is no catalog."""
    if not app.po(language).exists():
        app.mo(language).unlink(missing_ok=True)
        return
    app.mo(language).write_bytes(compiled(read(app.po(language), language)))


def compiled(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def translated_messages(language: str) -> Catalog:
    """Return the translations of all our catalogs, since a message may move to another app."""
    found = new_catalog(language)
    for path in sorted(settings.BASE_DIR.glob(f"**/locale/{language}/LC_MESSAGES/django.po")):
        if ".venv" not in path.parts:
            for message in _messages(read(path, language)):
                if is_translated(message):
                    found[message.id] = message
    return found


def read(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def is_translated(message: Message) -> bool:
    """True if the message has a text, in all plural forms, and is not fuzzy."""
    texts = [message.string] if isinstance(message.string, str) else message.string
    return all(texts or ("",)) and not message.fuzzy


def new_catalog(language: str) -> Catalog:
    return Catalog(
        locale=language,
        domain="django",
        project="Learning KPIs",
        version="1",
        msgid_bugs_address="see CONTRIBUTING.md",
        header_comment="",
        creation_date=FIXED_DATE,
        revision_date=FIXED_DATE,
        last_translator="see the history",
        language_team="see CONTRIBUTING.md",
        fuzzy=False,
    )


def shown_docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the docstring paragraphs that readers see, each as one line."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef) or not _declares(node):
            continue
        for paragraph in cleandoc(ast.get_docstring(node) or "").split("\n\n"):
            if paragraph:
                yield node.lineno, " ".join(paragraph.split())


def _declares(node: ast.FunctionDef) -> bool:
    calls = (one.func for one in node.decorator_list if isinstance(one, ast.Call))
    return any(isinstance(call, ast.Name) and call.id in DECLARATIONS for call in calls)


def _add(catalog: Catalog, path: Path, source: str) -> None:
    rows = extract("python", BytesIO(source.encode()), keywords=KEYWORDS, comment_tags=COMMENTS)
    for line, message, comments, context in rows:
        catalog.add(
            message, locations=[(_location(path), line)], auto_comments=comments, context=context
        )


def _messages(catalog: Catalog) -> Iterable[Message]:
    """Return the messages without the header."""
    return [message for message in catalog if message.id]


def _location(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


def _folders() -> dict[str, Path]:
    return {app.label: Path(app.path) for app in model_names.our_apps()}


def _files() -> Iterator[Path]:
    for top in sorted(settings.BASE_DIR.iterdir()):
        if (top / "__init__.py").exists() and top.name != "benchmarks":
            yield from _sources(top, {".py", *TEMPLATES})
    yield from _sources(settings.BASE_DIR / "templates", TEMPLATES)


def _sources(folder: Path, endings: set[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(settings.BASE_DIR).parts
        is_source = path.suffix in endings and not NO_SOURCES & set(within[:-1])
        # a text file in a package is data unless it is a template
        if is_source and (path.suffix == ".py" or "templates" in within):
            yield path


def _app_of(path: Path, folders: dict[str, Path]) -> str:
    """Return the app of a file: `templates/kpis/…` and `templates/admin/kpis/…` belong to kpis."""
    templates = settings.BASE_DIR / "templates"
    if path.is_relative_to(templates):
        names = [name for name in path.relative_to(templates).parts[:-1] if name != "admin"]
        return names[0] if names and names[0] in folders else PROJECT
    inside = [name for name, folder in folders.items() if path.is_relative_to(folder)]
    return max(inside, key=lambda name: len(folders[name].parts), default=PROJECT)
