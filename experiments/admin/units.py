"""Who is in which variant: read-only, except that staff can force a variant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy

from accounts.admin.users import acting_user
from accounts.models import User
from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from experiments import forcing
from experiments.admin.trial import problem_of, without_fields
from experiments.models import Assignment, Exposure, ForcedVariant, Variant

UNIT_SEARCH = ("experiment__key", "learner__key", "learner__name", "run__key", "variant__key")


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ("experiment", "learner", "run", "variant", "assigned_at")
    list_filter = ("experiment",)
    list_select_related = ("experiment", "learner", "run__course", "variant")
    date_hierarchy = "assigned_at"
    search_fields = UNIT_SEARCH
    show_full_result_count = False


@admin.register(Exposure)
class ExposureAdmin(ReadOnlyAdmin):
    list_display = ("experiment", "learner", "run", "variant", "first_at", "left_out")
    list_filter = ("left_out", "experiment")
    list_select_related = ("experiment", "learner", "run__course", "variant")
    date_hierarchy = "first_at"
    search_fields = UNIT_SEARCH
    show_full_result_count = False


class ForcedVariantForm(forms.ModelForm):
    """A unit, its variant by key, and the reason; tried first to show what is wrong."""

    variant_key = forms.CharField(
        label=gettext_lazy("Variant"), max_length=50, help_text=gettext_lazy("Its key.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=800, widget=forms.Textarea(attrs={"rows": 3})
    )

    class Meta:
        model = ForcedVariant
        fields = ("experiment", "learner", "run", "reason")

    def clean(self) -> dict[str, Any]:
        # without super: an earlier forced variant of the unit is replaced
        given: dict[str, Any] = self.cleaned_data
        if self.errors:
            return given
        if bool(given["learner"]) == bool(given["run"]):
            raise ValidationError(gettext("Choose a learner or a run."))
        if problem := problem_of(lambda: self.force(by=None)):
            raise without_fields(problem)
        return given

    def force(self, *, by: User | None) -> ForcedVariant:
        given = self.cleaned_data
        experiment, key = given["experiment"], given["variant_key"]
        variant = Variant.objects.filter(experiment=experiment, key=key).first()
        if variant is None:
            raise ValidationError(gettext("There is no variant %(key)s.") % {"key": key})
        unit = given["learner"] or given["run"]
        return forcing.force(experiment, unit, variant, by, reason=given["reason"])


class ReleaseForm(forms.Form):
    """Why a forced variant is removed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=800,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("Enter a reason for removing a forced variant."),
        },
    )


class ForcedVariantInline(ReadOnlyInline):
    model = ForcedVariant
    fields = readonly_fields = ("learner", "run", "variant", "by", "at", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ForcedVariant]:
        rows = super().get_queryset(request)
        return rows.select_related("learner", "run__course", "variant", "by")


@admin.register(ForcedVariant)
class ForcedVariantAdmin(admin.ModelAdmin):
    form = ForcedVariantForm
    list_display = ("experiment", "learner", "run", "variant", "by", "at", "reason")
    list_filter = ("experiment",)
    list_select_related = ("experiment", "learner", "run__course", "variant", "by")
    search_fields = UNIT_SEARCH
    autocomplete_fields = ("experiment", "learner", "run")
    delete_confirmation_template = "admin/experiments/forcedvariant/delete_confirmation.html"

    def get_fields(self, request: HttpRequest, obj: ForcedVariant | None = None) -> Any:
        variant = "variant" if obj else "variant_key"
        return ("experiment", "learner", "run", variant, "reason", *(("by", "at") if obj else ()))

    def has_change_permission(self, request: HttpRequest, obj: ForcedVariant | None = None) -> bool:
        """Force another variant instead, so that the history has both."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ForcedVariant | None = None) -> bool:
        is_free = obj is None or not obj.experiment.is_over
        return is_free and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Remove the bulk deletion, which would leave the history without an entry."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        forced = form.force(by=acting_user(request))
        obj.pk, obj.variant = forced.pk, forced.variant

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for a reason, and ask again without one or if somebody was faster."""
        context = {**(extra_context or {}), "release_form": ReleaseForm()}
        try:
            return super().delete_view(request, object_id, context)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def delete_model(self, request: HttpRequest, obj: ForcedVariant) -> None:
        form = ReleaseForm(request.POST)
        if not form.is_valid():
            raise ValidationError([text for some in form.errors.values() for text in some])
        forcing.release(obj, acting_user(request), reason=form.cleaned_data["reason"])
