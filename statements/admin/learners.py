"""Merge learners whom systems name differently, and split them again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.admin.users import acting_user
from core.admin.confirmation import confirmed, log_changes, page, sent_fields
from core.admin.view_only import ReadOnlyAdmin
from core.external_keys import normalize_key
from curriculum.admin.learners import LearnerAdmin, learner_action
from curriculum.models import Learner
from intake import merging
from intake.models import LearnerAlias

CHANGE = "curriculum.change_learner"
CONSEQUENCE = gettext_lazy(
    "These learners become one person with the learner chosen below: their events and the facts "
    "made of them move. What staff entered about their enrollments, such as contacts and "
    "certificate codes, is deleted with these. “Aliases of learners” splits them again."
)


class MergeForm(forms.Form):
    into = forms.CharField(
        label=gettext_lazy("Into the learner with the key"),
        max_length=200,
        help_text=gettext_lazy("The learner who stays."),
    )

    def clean_into(self) -> Learner:
        key = normalize_key(self.cleaned_data["into"])
        learner = Learner.objects.filter(key=key).first()
        if learner is None:
            raise ValidationError(gettext("There is no learner with this key."))
        return learner


@learner_action(CHANGE)
@admin.action(description=gettext_lazy("Merge the selected learners into another"))
def merge_learners(
    learners: LearnerAdmin, request: HttpRequest, rows: QuerySet[Learner]
) -> HttpResponse | None:
    form = MergeForm(request.POST if "confirmed" in request.POST else None)
    if not form.is_valid():
        # the form has a field of its own
        sent = [(name, value) for name, value in sent_fields(request) if name not in form.fields]
        title = gettext("Merge learners")
        text = str(CONSEQUENCE)
        return page(learners, request, list(rows), sent, title=title, consequence=text, form=form)
    into: Learner = form.cleaned_data["into"]
    for other in rows.order_by("pk"):
        try:
            moved = merging.merge(other, into, by=acting_user(request), now=timezone.now())
        except merging.MergeError as error:
            learners.message_user(request, str(error), messages.ERROR)
            continue
        text = gettext("%(other)s was merged into %(into)s.") % {
            "other": other.key,
            "into": into.key,
        }
        learners.message_user(request, " ".join([text, *moved.sentences]), messages.SUCCESS)
        log_changes(request, [other, into], text)
    return None


@admin.register(LearnerAlias)
class LearnerAliasAdmin(ReadOnlyAdmin):
    """Who was merged into whom; splitting undoes it."""

    list_display = ("key", "learner", "merged_at", "merged_by")
    list_select_related = ("learner", "merged_by")
    search_fields = ("key__exact", "learner__key__exact")
    show_full_result_count = False
    actions = ("split_selected",)

    def has_split_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(CHANGE))

    @admin.action(description=gettext_lazy("Split the selected aliases"), permissions=["split"])
    @confirmed(
        title=gettext_lazy("Split"),
        consequence=gettext_lazy(
            "These keys name learners of their own again: the events that were sent with them, "
            "also since the merge, and the facts made of them move back."
        ),
    )
    def split_selected(self, request: HttpRequest, rows: QuerySet[LearnerAlias]) -> list[Any]:
        # the learners get the history: the aliases are gone
        for alias in rows.select_related("learner").order_by("-pk"):
            text = gettext("%(other)s was split from %(into)s.") % {
                "other": alias.key,
                "into": alias.learner.key,
            }
            both: Any = Learner.objects.filter(key__in=[alias.key, alias.learner.key])
            moved = merging.split(alias, now=timezone.now())
            self.message_user(request, " ".join([text, *moved.sentences]), messages.SUCCESS)
            log_changes(request, both, text)
        return []
