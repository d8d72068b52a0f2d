"""Pages of a list in the API, which stay stable while rows come and go."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from core.api_errors import InvalidParameters

# SQLite takes NUL for a text, and Django answers ids beyond 64 bits with an empty page
IMPOSSIBLE = re.compile(r"\0|[0-9]{19}")


class CursorPages(CursorPagination):
    page_size_query_param: str | None = "limit"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raise NotFound for a cursor whose position is that of no row."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor and IMPOSSIBLE.search(str(cursor.position)):
            raise NotFound
        return cursor

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """Raise InvalidParameters for a cursor that did not come from this list."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, OverflowError, ValidationError, DataError):
            # what is compared with it is no number, no moment or no text of a row
            if self.cursor_query_param not in request.query_params:
                raise
            message = "Invalid cursor. Use the one in “next” or “previous”."
            raise InvalidParameters(message, self.cursor_query_param) from None
