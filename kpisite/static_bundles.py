"""Join the stylesheets of a page into one file when static files are collected.

The templates list them between `{% bundle %}` and `{% endbundle %}`; see core/templatetags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)

BUNDLE = re.compile(r'{% bundle "([^"]+)" %}(.*?){% endbundle %}', re.DOTALL)
NAME = re.compile(r"{% static '([^']+\.css)' %}")
Paths = dict[str, tuple[Any, str]]


class BundlingStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names and compresses the joined stylesheets as all other files.

    Scripts import each other by their hashed names, so that browsers keep them for ever, too.
    """

    has_bundles = True
    support_js_module_import_aggregation = True

    def post_process(
        self, paths: Paths, dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool]]:
        if not dry_run:
            paths = paths | {name: self._joined(name, parts, paths) for name, parts in bundles()}
        yield from super().post_process(paths, dry_run, **options)

    def _joined(self, name: str, parts: list[str], paths: Paths) -> tuple[Any, str]:
        content = b"\n".join(_read(*paths[part]) for part in parts)
        self.delete(name)
        self._save(name, ContentFile(content))
        return self, name


def bundles() -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each bundle of the templates with those of its stylesheets."""
    folders: Any = settings.TEMPLATES[0]["DIRS"]
    for folder in folders:
        for template in sorted(Path(folder).rglob("*.html")):
            for name, links in BUNDLE.findall(template.read_text()):
                yield name, NAME.findall(links)


def _read(storage: Any, path: str) -> bytes:
    with storage.open(path) as file:
        content: bytes = file.read()
        return content
