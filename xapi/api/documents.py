"""The resources of documents: state, activity profiles and agent profiles."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from django.http import HttpResponse, JsonResponse
from django.utils.http import http_date

from xapi.api import versions
from xapi.api.call import Call
from xapi.api.endpoint import Endpoint
from xapi.api.leniencies import overwrites_profiles
from xapi.api.parameters import Parameters
from xapi.api.reading import note_reading
from xapi.documents import writing
from xapi.documents.places import Place, keys_since, visible
from xapi.documents.preconditions import Preconditions
from xapi.documents.writing import Content, Strictness, Writer
from xapi.errors import BadRequest, NotFound
from xapi.models import ActivityProfile, AgentProfile, State
from xapi.statements.parsing import parse_json


class DocumentsEndpoint(Endpoint):
    """A kind of document; `key` is the parameter with the id of one."""

    key: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    required: ClassVar[tuple[str, ...]]
    # when PUT needs a precondition, by version
    strictness: ClassVar[dict[str, Strictness]] = {
        versions.FIRST: Strictness.ALWAYS,
        versions.SECOND: Strictness.TO_OVERWRITE,
    }
    # whether all documents of a place can be deleted at once
    deletes_many: ClassVar[bool] = False

    @abstractmethod
    def place(self, given: Parameters) -> Place:
        """Return where the documents of a call lie."""

    def on_get(self, call: Call) -> HttpResponse:
        given = Parameters(call.parameters, (*self.parameters, self.key, "since"))
        given.require(*self.required)
        since = given.moment("since")
        place = self.place(given)
        rows = visible(place.found(), call.key, sees_all=call.sees_all)
        if place.key is None:
            keys = list(keys_since(rows, since))
            note_reading(call, place.model, len(keys) if place.agent else 0)
            return JsonResponse(keys, safe=False)
        row = rows.first()
        if row is None:
            raise NotFound(f"{self.key}: there is no such document, or this key may not read it.")
        note_reading(call, place.model, 1 if place.agent else 0, row=row.pk)
        headers = {"ETag": row.etag, "Last-Modified": http_date(row.updated_at.timestamp())}
        return HttpResponse(bytes(row.content), content_type=row.content_type, headers=headers)

    def on_put(self, call: Call) -> HttpResponse:
        place, conditions = self._one(call), _preconditions(call)
        strictness = self.strictness[call.version]
        if strictness is Strictness.ALWAYS and conditions.is_empty:
            strictness = Strictness.NONE if overwrites_profiles(call.key) else strictness
        writing.put(place, _content(call), _writer(call), conditions, strictness)
        return HttpResponse(status=204)

    def on_post(self, call: Call) -> HttpResponse:
        place = self._one(call)
        writing.merge(place, _content(call), _writer(call), _preconditions(call))
        return HttpResponse(status=204)

    def on_delete(self, call: Call) -> HttpResponse:
        given = Parameters(call.parameters, (*self.parameters, self.key))
        given.require(*self.required, *(() if self.deletes_many else (self.key,)))
        writing.delete(self.place(given), _writer(call), _preconditions(call))
        return HttpResponse(status=204)

    def _one(self, call: Call) -> Place:
        given = Parameters(call.parameters, (*self.parameters, self.key))
        given.require(*self.required, self.key)
        return self.place(given)


class StateEndpoint(DocumentsEndpoint):
    key = "stateId"
    parameters = ("activityId", "agent", "registration")
    required = ("activityId", "agent")
    deletes_many = True
    strictness = {
        versions.FIRST: Strictness.NONE,
        versions.SECOND: Strictness.TO_OVERWRITE,
    }

    def place(self, given: Parameters) -> Place:
        registration = given.uuid("registration")
        key = given.key(self.key)
        # without a registration, a single document is the one that has none
        none = "" if key is not None else None
        return Place(
            State,
            activity=given.iri("activityId"),
            agent=given.agent(),
            registration=str(registration) if registration else none,
            key=key,
        )


class ActivityProfileEndpoint(DocumentsEndpoint):
    key = "profileId"
    parameters = required = ("activityId",)

    def place(self, given: Parameters) -> Place:
        return Place(ActivityProfile, activity=given.iri("activityId"), key=given.key(self.key))


class AgentProfileEndpoint(DocumentsEndpoint):
    key = "profileId"
    parameters = required = ("agent",)

    def place(self, given: Parameters) -> Place:
        return Place(AgentProfile, agent=given.agent(), key=given.key(self.key))


def _content(call: Call) -> Content:
    content = Content(call.body, call.content_type or "application/octet-stream")
    parsed = parse_json(call.body) if content.is_json else {}
    if call.method == "POST" and not isinstance(parsed, dict):
        raise BadRequest("The body must be a JSON object.")
    return content


def _writer(call: Call) -> Writer:
    return Writer(call.key, call.sees_all)


def _preconditions(call: Call) -> Preconditions:
    return Preconditions(call.headers.get("If-Match"), call.headers.get("If-None-Match"))
