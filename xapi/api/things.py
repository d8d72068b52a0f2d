"""What is known of an activity and of an agent, and about the store itself."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse, JsonResponse

from xapi.api import versions
from xapi.api.call import Call
from xapi.api.endpoint import Endpoint
from xapi.api.parameters import Parameters
from xapi.api.reading import note_reading
from xapi.models import Activity, ActivityMention, Agent, AgentMention
from xapi.statements.agents import as_person


class ActivitiesEndpoint(Endpoint):
    def on_get(self, call: Call) -> HttpResponse:
        given = Parameters(call.parameters, ("activityId",))
        given.require("activityId")
        iri = given.iri("activityId")
        rows = Activity.objects.filter(key=iri)
        if not call.sees_all:
            own = ActivityMention.objects.filter(statement__sender=call.key.name)
            rows = rows.filter(pk__in=own.filter(activity__key=iri).values("activity"))
        row = rows.first()
        found: dict[str, object] = {"objectType": "Activity", "id": iri}
        if row and row.definition:
            found["definition"] = row.definition
        return JsonResponse(found)


class AgentsEndpoint(Endpoint):
    def on_get(self, call: Call) -> HttpResponse:
        given = Parameters(call.parameters, ("agent",))
        given.require("agent")
        identifier = given.agent() or ""
        rows = Agent.objects.filter(key=identifier)
        if not call.sees_all:
            own = AgentMention.objects.filter(statement__sender=call.key.name)
            rows = rows.filter(pk__in=own.filter(agent__key=identifier).values("agent"))
        row = rows.first()
        note_reading(call, Agent, 1 if row else 0, row=row.pk if row else "")
        return JsonResponse(as_person(identifier, row.names if row else []))


class AboutEndpoint(Endpoint):
    """Which versions the store knows; clients ask before they have a key."""

    needs_key: ClassVar[bool] = False

    def on_get(self, call: Call) -> HttpResponse:
        return JsonResponse({"version": list(versions.VERSIONS), "extensions": {}})
