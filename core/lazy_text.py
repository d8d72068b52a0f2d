"""Text that may be translated only once it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    # what gettext_lazy gives, or a text that is data; str() of it is in the active language
    LazyText: TypeAlias = str | _StrPromise
else:
    LazyText = str
