"""The resource /statements."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import http_date

from accounts.api_throttling import BATCHES
from xapi.api.call import Call
from xapi.api.endpoint import Endpoint
from xapi.api.parameters import Parameters
from xapi.api.reading import note_reading
from xapi.errors import BadRequest, NotFound
from xapi.models import Attachment, Statement
from xapi.statements import formats, more, multipart
from xapi.statements.attachments import match
from xapi.statements.batch import open_batch
from xapi.statements.moments import consistent_through, written
from xapi.statements.parsing import Sent, parse_statements
from xapi.statements.querying import Cursor, Filters, page_of, statements_in_order
from xapi.statements.storing import store

PAGE = 500
JSON = "application/json"
FILTERS = (
    "agent", "verb", "activity", "registration", "related_activities", "related_agents",
    "since", "until", "limit", "ascending",
)  # fmt: skip
KNOWN = (
    "statementId", "voidedStatementId", *FILTERS, "format", "attachments", more.PARAMETER,
)  # fmt: skip


class Consistent(Endpoint):
    """Says with every answer to GET, also an error, until when statements can be read."""

    def dispatch(self, request: HttpRequest, **arguments: str) -> HttpResponse:
        if request.method not in ("GET", "HEAD", "POST"):
            return super().dispatch(request, **arguments)
        # before anything is read
        through = written(consistent_through())
        response = super().dispatch(request, **arguments)
        response.headers["X-Experience-API-Consistent-Through"] = through
        return response


class StatementsEndpoint(Consistent):
    throttle_scope: ClassVar[str] = BATCHES

    def on_put(self, call: Call) -> HttpResponse:
        given = Parameters(call.parameters, ("statementId",))
        given.require("statementId")
        uuid = given.uuid("statementId")
        sent, parts, is_list = _read(call)
        if is_list:
            raise BadRequest("The body must be one statement; send a list with POST.")
        _check_id(sent[0], uuid)
        _store(call, sent, parts, put_id=uuid)
        return HttpResponse(status=204)

    def on_post(self, call: Call) -> HttpResponse:
        Parameters(call.parameters, ())
        sent, parts, _ = _read(call)
        ids = _store(call, sent, parts)
        return JsonResponse([str(uuid) for uuid in ids], safe=False)

    def on_get(self, call: Call) -> HttpResponse:
        given = Parameters(call.parameters, KNOWN)
        if token := call.parameters.get(more.PARAMETER):
            # the link holds the whole question, whatever a client repeats beside it
            return _page(call, *more.opened(token))
        single = [name for name in ("statementId", "voidedStatementId") if name in given]
        return _one(call, given, single) if single else _page(call, _question(given), None)


def _read(call: Call) -> tuple[list[Sent], list[multipart.Part], bool]:
    if call.media_type == JSON:
        sent, is_list = parse_statements(call.body)
        return sent, [], is_list
    if call.media_type != multipart.MIXED:
        raise BadRequest(
            f"Content-Type: must be {JSON} or {multipart.MIXED}, not {call.media_type}.",
            field="Content-Type",
        )
    first, *others = multipart.parse(call.body, call.content_type)
    if first.headers.get_content_type() != JSON or "Content-Type" not in first.headers:
        raise BadRequest(f"parts[0]: must have the Content-Type {JSON}.")
    sent, is_list = parse_statements(first.content)
    return sent, others, is_list


def _check_id(sent: Sent, uuid: UUID | None) -> None:
    inner = sent.statement.get("id") if isinstance(sent.statement, dict) else None
    if isinstance(inner, str) and inner.lower() != str(uuid):
        raise BadRequest("statements[0].id: must be the statementId of the address.", field="id")


def _store(
    call: Call, sent: list[Sent], parts: list[multipart.Part], *, put_id: UUID | None = None
) -> list[UUID]:
    batch = open_batch(sent, call.key, call.version)
    if put_id:
        batch.pending[0].uuid = put_id
    batch.parts = match(sent, parts, call.version)
    return store(batch, may_void_all=call.sees_all)


def _one(call: Call, given: Parameters, names: list[str]) -> HttpResponse:
    if len(names) > 1 or any(name in given for name in FILTERS):
        raise BadRequest(
            f"{names[0]}: may only be given together with format and attachments.", field=names[0]
        )
    rows = Statement.objects.filter(
        uuid__in=[given.uuid(names[0])], is_voided=names[0] == "voidedStatementId"
    )
    if not call.sees_all:
        rows = rows.filter(sender=call.key.name)
    row = rows.first()
    if row is None:
        raise NotFound(f"{names[0]}: no such statement was stored, or this key may not read it.")
    note_reading(call, Statement, 1, row=row.uuid)
    (text,) = formats.written([row], _format(given), _languages(call))
    response = _response(text, [row], with_attachments=given.flag("attachments"))
    response.headers["Last-Modified"] = http_date(row.stored.timestamp())
    return response


def _format(given: Parameters) -> str:
    return given.choice("format", formats.FORMATS) or formats.EXACT


def _languages(call: Call) -> str:
    return call.headers.get("Accept-Language") or ""


def _question(given: Parameters) -> dict[str, Any]:
    """Return what is asked, in a form that a link to more can hold."""
    registration, since, until = (
        given.uuid("registration"), given.moment("since"), given.moment("until")
    )  # fmt: skip
    limit = given.number("limit") or PAGE
    return {
        "agent": given.agent(),
        "verb": given.iri("verb"),
        "activity": given.iri("activity"),
        "registration": str(registration) if registration else None,
        "related_activities": given.flag("related_activities"),
        "related_agents": given.flag("related_agents"),
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
        "ascending": given.flag("ascending"),
        "limit": min(limit, PAGE),
        "format": _format(given),
        "attachments": given.flag("attachments"),
    }


def _page(call: Call, question: dict[str, Any], after: Cursor | None) -> HttpResponse:
    filters = Filters.of(question, only_sender=None if call.sees_all else call.key.name)
    ids, more_after = page_of(filters, question["limit"], after)
    rows = statements_in_order(ids)
    note_reading(call, Statement, len(rows))
    texts = formats.written(rows, question["format"], _languages(call))
    link = more.link_to(question, more_after) if more_after else ""
    # the link holds nothing that JSON would escape
    text = f'{{"statements":[{",".join(texts)}],"more":"{link}"}}'
    response = _response(text, rows, with_attachments=question["attachments"])
    if rows:
        latest = max(row.stored for row in rows)
        response.headers["Last-Modified"] = http_date(latest.timestamp())
    return response


def _response(text: str, rows: list[Statement], *, with_attachments: bool) -> HttpResponse:
    if not with_attachments:
        return HttpResponse(text, content_type=JSON)
    found = Attachment.objects.filter(statement__in=[row.pk for row in rows]).order_by("pk")
    contents = {one.sha2: (one.sha2, one.content_type, bytes(one.content)) for one in found}
    body, content_type = multipart.write(text, contents.values())
    return HttpResponse(body, content_type=content_type)
