from __future__ import annotations

from django.urls import re_path

from xapi.api import documents, statements, things

app_name = "xapi"

urlpatterns = [
    re_path(r"^xapi/statements/?$", statements.StatementsEndpoint.as_view(), name="statements"),
    re_path(r"^xapi/activities/state/?$", documents.StateEndpoint.as_view(), name="state"),
    re_path(
        r"^xapi/activities/profile/?$",
        documents.ActivityProfileEndpoint.as_view(),
        name="activity-profile",
    ),
    re_path(
        r"^xapi/agents/profile/?$", documents.AgentProfileEndpoint.as_view(), name="agent-profile"
    ),
    re_path(r"^xapi/activities/?$", things.ActivitiesEndpoint.as_view(), name="activities"),
    re_path(r"^xapi/agents/?$", things.AgentsEndpoint.as_view(), name="agents"),
    re_path(r"^xapi/about/?$", things.AboutEndpoint.as_view(), name="about"),
]
