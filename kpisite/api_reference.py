"""The API reference: the OpenAPI schema as a page of the site, complete without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from navigation.markdown import inline

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A parameter, or a property of an object; `place` is path, query or header."""

    name: str
    type: SafeString
    about: str = ""
    place: str = ""
    is_required: bool = False


@dataclass(frozen=True)
class Body:
    """What is sent or answered; `status` is empty for what is sent."""

    type: SafeString
    media: str
    status: str = ""
    about: str = ""


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    operation: Schema

    @property
    def anchor(self) -> str:
        return str(self.operation["operationId"])

    @property
    def summary(self) -> SafeString:
        return inline(str(self.operation.get("description", "")).partition("\n\n")[0])

    @property
    def more(self) -> list[SafeString]:
        return [inline(one) for one in str(self.operation.get("description", "")).split("\n\n")[1:]]

    @property
    def section(self) -> str:
        return "/".join(self.path.split("/")[:3])

    @property
    def parameters(self) -> list[Field]:
        return [
            Field(
                one["name"],
                type_of(one["schema"]),
                inline(one.get("description", "")),
                one["in"],
                bool(one.get("required")),
            )
            for one in self.operation.get("parameters", ())
        ]

    @property
    def sent(self) -> list[Body]:
        return list(_bodies(self.operation.get("requestBody", {})))

    @property
    def answers(self) -> list[Body]:
        return [
            body
            for status, answer in self.operation.get("responses", {}).items()
            for body in _bodies(answer, status)
        ]

    @property
    def takes_session(self) -> bool:
        return any("cookieAuth" in one for one in self.operation.get("security", ()))


@dataclass(frozen=True)
class Named:
    """An object of the API with its properties."""

    name: str
    about: str
    type: SafeString
    fields: Sequence[Field]


@require_safe
@login_required
def reference(request: HttpRequest) -> HttpResponse:
    schema = api_schema()
    context = {
        "info": schema["info"],
        "sections": [
            (name, list(some)) for name, some in groupby(routes(), lambda one: one.section)
        ],
        "objects": objects(),
    }
    return render(request, "kpisite/api_docs.html", context)


@cache
def api_schema() -> Schema:
    """Return the schema, which takes seconds to make and is the same for everybody."""
    found: Schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


@cache
def routes() -> list[Route]:
    paths = api_schema()["paths"]
    found = [
        Route(method.upper(), path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    return sorted(found, key=lambda one: one.section)


@cache
def objects() -> list[Named]:
    schemas = api_schema()["components"]["schemas"]
    return [
        Named(name, one.get("description", ""), type_of(one), list(_properties(one)))
        for name, one in schemas.items()
    ]


def type_of(schema: Schema) -> SafeString:
    """Describe a schema in a few words, with links to the objects that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return format_html('<a href="#object-{}">{}</a>', name, name)
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            return format_html_join(" or ", "{}", ((type_of(one),) for one in schema[word]))
    if "enum" in schema:
        return SafeString(" | ".join(str(one) for one in schema["enum"]).replace("<", "&lt;"))
    if schema.get("type") == "array":
        return format_html("array of {}", type_of(schema.get("items", {})))
    found = schema.get("type", "any value")
    words = " or ".join(found) if isinstance(found, list) else found
    return format_html("{}{}", words, f" ({schema['format']})" if "format" in schema else "")


def _bodies(content: Schema, status: str = "") -> Iterator[Body]:
    about = content.get("description", "")
    found = content.get("content", {})
    for media, one in found.items():
        yield Body(type_of(one.get("schema", {})), media, status, about)
    if status and not found:
        yield Body(SafeString(""), "", status, about)


def _properties(schema: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        about = inline(one.get("description", ""))
        yield Field(name, type_of(one), about, is_required=name in required)
