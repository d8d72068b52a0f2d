from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin.view_only import ReadOnlyAdmin
from core.admin.work_queue import add_to_work_queue
from learners.models import ErasureRequest

add_to_work_queue(
    _("Learners who asked to be erased"),
    ErasureRequest.objects.all,
    "learners.view_erasurerequest",
    page="admin:learners_erasurerequest_changelist",
)


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    """Requests that wait for their night; only the learner withdraws one."""

    list_display = ("learner", "asked_at", "due_at", "started_at")
    list_filter = ("due_at",)
    list_select_related = ("learner",)
    search_fields = ("learner__key", "learner__name", "learner__email")
