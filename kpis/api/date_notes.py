"""The notes on dates that a reader may see."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from core.api_models import ApiModel, json_response
from core.cacheable import cacheable
from kpis.api.openapi import query_parameters
from kpis.api.views import PROBLEMS
from kpis.models import DateNote
from kpis.query.query_params import reader_and_query, reject_unknown

PARAMETERS = ("period", "from", "to", "course")


class DateNoteModel(ApiModel):
    id: int
    text: str
    first_day: date
    last_day: date
    course: str | None = Field(description="Key of a course; null for the whole site.")
    written_at: datetime

    @classmethod
    def of(cls, note: DateNote) -> DateNoteModel:
        return cls(
            id=note.pk,
            text=note.text,
            first_day=note.first_day,
            last_day=note.until,
            course=note.course.key if note.course else None,
            written_at=note.written_at,
        )


class DateNoteList(ApiModel):
    notes: list[DateNoteModel]


class DateNoteListView(APIView):
    """Notes on dates of the whole site and of courses, oldest first.

    Those of the periods that the same parameters select for a KPI. With `course`, only notes of
    this course and of the whole site.
    """

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="date_note_list",
        parameters=query_parameters(PARAMETERS),
        responses={200: DateNoteList, **PROBLEMS},
    )
    @cacheable
    def get(self, request: Request) -> Response:
        reject_unknown(request, PARAMETERS)
        reader, query = reader_and_query(request)
        first, last = query.periods[0].first, query.periods[-1].last
        ends_later = Q(last_day__gte=first) | Q(last_day=None, first_day__gte=first)
        notes = DateNote.objects.visible_to(reader).filter(ends_later, first_day__lte=last)
        if query.course:
            notes = notes.filter(Q(course=None) | Q(course=query.course))
        rows = notes.select_related("course")
        return json_response(DateNoteList(notes=[DateNoteModel.of(one) for one in rows]))
