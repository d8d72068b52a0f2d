"""What the OpenAPI schema needs to know besides the views and the response models."""

from __future__ import annotations

from collections.abc import Collection

from drf_spectacular.authentication import TokenScheme
from drf_spectacular.utils import OpenApiParameter

from kpis.query.kpi_query import PARAMETERS


class ApiKeyScheme(TokenScheme):  # type: ignore[no-untyped-call]
    """Describe `Authorization: Bearer KEY`; drf-spectacular finds this class by itself."""

    target_class = "accounts.api_authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def query_parameters(names: Collection[str]) -> list[OpenApiParameter]:
    """Describe the query parameters with these names."""
    return [
        OpenApiParameter(
            one.name,
            str,
            description=one.description,
            enum=list(one.choices) or None,
            many=one.is_repeated,
        )
        for one in PARAMETERS
        if one.name in names
    ]
