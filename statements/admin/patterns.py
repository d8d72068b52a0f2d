from __future__ import annotations

import json

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from core.admin.confirmation import confirmed
from core.admin.recent_values import RecentValuesFilter
from core.admin.view_only import ReadOnlyAdmin
from core.admin.work_queue import add_to_work_queue
from statements.admin.mapping_form import MappingForm, preview_of
from statements.models import Pattern
from statements.models.patterns import short_name
from statements.replay import patterns_of
from statements.replay_queue import replay_soon

ADD = "statements.add_mapping"


@admin.register(Pattern)
class PatternAdmin(ReadOnlyAdmin):
    """What senders report; staff say what it means on a page of its own."""

    list_display = (
        *("name", "type_name", "profile_name", "is_mapped", "kinds", "count", "incomplete"),
        *("lacks", "sender", "last_at"),
    )
    list_filter = ("is_mapped", "origin", ("sender", RecentValuesFilter), "last_at")
    search_fields = ("verb", "activity_type", "profile", "kinds")
    show_full_result_count = False
    actions = ("interpret_again",)
    fields = (
        "verb", "activity_type", "profile", ("is_mapped", "kinds"), "map_link",
        ("count", "incomplete", "lacks"), ("sender", "origin"), ("first_at", "last_at"),
        "shown_example",
    )  # fmt: skip
    readonly_fields = ("map_link", "shown_example")

    @admin.display(description=gettext_lazy("verb"), ordering="verb")
    def name(self, pattern: Pattern) -> str:
        return short_name(pattern.verb)

    @admin.display(description=gettext_lazy("activity type"), ordering="activity_type")
    def type_name(self, pattern: Pattern) -> str:
        return short_name(pattern.activity_type)

    @admin.display(description=gettext_lazy("profile"), ordering="profile")
    def profile_name(self, pattern: Pattern) -> str:
        return short_name(pattern.profile)

    @admin.display(description=gettext_lazy("example"))
    def shown_example(self, pattern: Pattern) -> SafeString:
        text = json.dumps(pattern.example, indent=2, ensure_ascii=False)
        return render_to_string("admin/intake/_verbatim.html", {"text": text})

    @admin.display(description=gettext_lazy("meaning"))
    def map_link(self, pattern: Pattern) -> SafeString:
        url = reverse("admin:statements_pattern_map", args=[pattern.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Say what it means"))

    def get_urls(self) -> list[URLPattern]:
        mapping = path(
            "<int:pk>/map/",
            self.admin_site.admin_view(self.map_view),
            name="statements_pattern_map",
        )
        return [mapping, *super().get_urls()]

    def map_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Preview a mapping on the example, or save it and interpret the history by it."""
        if not (request.user.has_perm(ADD) and self.has_view_permission(request)):
            raise PermissionDenied
        pattern = get_object_or_404(Pattern, pk=pk)
        usual = {"object_from": "object"}
        form = MappingForm(request.POST or None, pattern=pattern, initial=usual)
        preview = None
        if request.method == "POST" and form.is_valid():
            if "save" in request.POST:
                return self._save(request, form)
            preview = preview_of(form.mapping(), pattern)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Say what it means"),
            "pattern": pattern,
            "form": form,
            "preview": preview,
            "example": json.dumps(pattern.example, indent=2, ensure_ascii=False),
        }
        return render(request, "admin/statements/map.html", context)

    @transaction.atomic
    def _save(self, request: HttpRequest, form: MappingForm) -> HttpResponse:
        mapping = form.mapping()
        mapping.save()
        self.log_addition(request, mapping, [{"added": {}}])
        replay_soon(patterns_of(mapping))
        message = gettext("%(mapping)s was mapped; its history is interpreted again.")
        self.message_user(request, message % {"mapping": mapping}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:statements_pattern_changelist"))

    def has_map_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(ADD))

    @admin.action(
        description=gettext_lazy("Interpret the selected patterns again"), permissions=["map"]
    )
    @confirmed(
        title=gettext_lazy("Interpret again"),
        consequence=gettext_lazy(
            "All statements of these patterns are interpreted by the rules in force now. Events "
            "that follow no longer are taken back."
        ),
    )
    def interpret_again(self, request: HttpRequest, rows: QuerySet[Pattern]) -> list[Pattern]:
        chosen = list(rows)
        replay_soon(chosen)
        self.message_user(request, gettext("The history is interpreted again."), messages.SUCCESS)
        return chosen


add_to_work_queue(
    gettext_lazy("statements that nobody has mapped"),
    Pattern.objects.unmapped,
    ADD,
    page="admin:statements_pattern_changelist",
    query="is_mapped__exact=0",
)
