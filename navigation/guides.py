"""The documents in `docs/` as guides inside the product."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.lazy_text import LazyText
from navigation.markdown import Document, render

ROOT = Path(settings.BASE_DIR)
CHANGES = "CHANGELOG.md"
# by what readers do; the other guides are for those who run the product
FOR_READERS: tuple[tuple[LazyText, tuple[str, ...]], ...] = (
    (_("Figures"), ("kpis", "findings", "effects", "feedback", "live", "wall")),
    (_("Alerts"), ("alerts", "notifications", "learners-to-help")),
    (_("Curriculum"), ("parameters", "adjustments", "curriculum-pages", "framework")),
    (_("Experiments"), ("experiments", "experiment-statistics")),
    (_("Data and API"), ("files", "csv", "events", "api", "api-clients", "bi", "surveys")),
)
FOR_LEARNERS: tuple[tuple[LazyText, tuple[str, ...]], ...] = ((_("Learning"), ("learners",)),)
FOR_STAFF = _("Running the product")


@dataclass(frozen=True)
class Guide:
    """One document; `name` is its place in the address."""

    name: str
    path: str

    @property
    def url(self) -> str:
        return reverse("navigation:guide", args=[self.name])

    @property
    def document(self) -> Document:
        return _rendered(self.path)

    @property
    def title(self) -> str:
        return self.document.title


@cache
def guides() -> dict[str, Guide]:
    """Return all guides by name; the decisions behind the product are among them."""
    paths = sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "docs/decisions").glob("*.md"))
    names = [one.relative_to(ROOT / "docs").with_suffix("").as_posix() for one in paths]
    return {name: Guide(name, f"docs/{name}.md") for name in names}


def sections(*, reads_kpis: bool, is_staff: bool) -> list[tuple[str, list[Guide]]]:
    """Return the guides that concern a visitor, by subject."""
    shown = FOR_READERS if reads_kpis else FOR_LEARNERS
    found = [(str(title), [guides()[name] for name in names]) for title, names in shown]
    if is_staff:
        listed = {name for _title, names in FOR_READERS for name in names}
        rest = [one for one in guides().values() if one.name not in listed and "/" not in one.name]
        found.append((str(FOR_STAFF), rest))
    return found


def what_is_new() -> Document:
    return _rendered(CHANGES)


@cache
def _rendered(path: str) -> Document:
    text = (ROOT / path).read_text(encoding="utf-8")
    return render(text, partial(_address, posixpath.dirname(path)))


def _address(folder: str, target: str) -> str | None:
    """Return where a link of a document in a folder leads; None to what the product lacks."""
    path, _hash, anchor = target.partition("#")
    if "://" in path:
        return target
    if not path:
        return f"#{anchor}"
    inside = posixpath.relpath(posixpath.normpath(posixpath.join(folder, path)), "docs")
    found = guides().get(inside.removesuffix(".md"))
    if found is None:
        return None
    return found.url + (f"#{anchor}" if anchor else "")
