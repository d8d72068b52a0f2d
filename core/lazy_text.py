"""A type for text that may be translated only when it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    # plain text or the result of gettext_lazy; str() translates it into the active language
    LazyText: TypeAlias = str | _StrPromise
else:
    LazyText = str
