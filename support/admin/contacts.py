from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin.view_only import ReadOnlyAdmin
from curriculum.admin.courses import RunFilter
from support.models import Contact


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    """Who contacted whom, and what came of it; contacts are noted on the page of the learner."""

    # the note is on the page of the contact only: it may say much about the learner
    list_display = (
        *("on", "learner", "run", "channel", "result", "noted_by"),
        *("came_back", "caught_up", "finished"),
    )
    list_filter = (
        *("channel", "result", "came_back", "caught_up", "finished"),
        *("enrollment__run__course", ("enrollment__run", RunFilter)),
        ("followed_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("enrollment__learner", "enrollment__run__course", "noted_by")
    date_hierarchy: ClassVar[str] = "on"
    search_fields = (
        *("enrollment__learner__key__exact", "enrollment__learner__name"),
        *("enrollment__learner__email", "noted_by__email", "noted_by__name"),
    )
    search_help_text = _("Enter the learner's key, name or e-mail, or who noted the contact.")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("enrollment", ("on", "channel", "result"), "note")}),
        (_("Noted"), {"fields": (("noted_by", "noted_at"), "score")}),
        (
            _("Outcome"),
            {"fields": ("followed_at", "came_back", ("was_behind", "caught_up"), "finished")},
        ),
        (
            _("Similar learners whom nobody contacted"),
            {
                "fields": (
                    ("similar", "similar_came_back"),
                    ("similar_behind", "similar_caught_up"),
                    ("similar_over", "similar_finished"),
                )
            },
        ),
    )

    @admin.display(description=_("learner"), ordering="enrollment__learner__name")
    def learner(self, row: Contact) -> str:
        return str(row.enrollment.learner)

    @admin.display(description=_("run"), ordering="enrollment__run")
    def run(self, row: Contact) -> str:
        return str(row.enrollment.run)
