"""Render the figures of a page once for all readers who may see the same.

After a change, every open page reloads; only its header differs from one account to the next.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from accounts.models import User
from core.cacheable import may_be_kept
from core.database import data_version
from core.process_cache import ProcessCache

# in characters, per process
MAX_SIZE = 8 * 1024 * 1024
CONTENTS: ProcessCache[SafeString] = ProcessCache(MAX_SIZE, size_of=len)


def shared_content(request: HttpRequest, template: str, context: dict[str, Any]) -> SafeString:
    """Return the rendered template, whose context has the `reader` but no figures yet.

    It may depend on the reader's access, the address, the language and the minute, and not on the
    account. The version of its live updates must be read before, or a change could be missed.
    """
    version = data_version.read()
    key = (
        *(version, timezone.now().timestamp() // 60, template, context["reader"]),
        *(request.build_absolute_uri(), get_language(), *_permissions(request)),
    )
    content = CONTENTS.get(key) if version else None
    if content is None:
        content = render_to_string(template, context, request)
        if version and may_be_kept():
            CONTENTS.keep(key, content)
    return content


def _permissions(request: HttpRequest) -> list[bool]:
    """Return what decides about links: to the import on an empty site, and to write notes."""
    asked = ("intake.import_event", "kpis.add_datenote")
    return [isinstance(request.user, User) and request.user.has_perm(one) for one in asked]
