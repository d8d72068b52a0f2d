"""The one row that says how much rules may change by themselves."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from core import localized
from improvement.automatic import changes_this_month
from improvement.models import AutomaticBudget


@admin.register(AutomaticBudget)
class AutomaticBudgetAdmin(admin.ModelAdmin):
    fields = ("changes_per_month", "used")
    readonly_fields = ("used",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not AutomaticBudget.objects.exists()

    def has_delete_permission(
        self, request: HttpRequest, obj: AutomaticBudget | None = None
    ) -> bool:
        """Set it to 0 instead, so that its history stays."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """Go straight to the only row."""
        budget = AutomaticBudget.objects.filter(pk=1).first()
        if budget and self.has_view_or_change_permission(request):
            page = reverse("admin:improvement_automaticbudget_change", args=[budget.pk])
            return HttpResponseRedirect(page)
        return super().changelist_view(request, extra_context)  # type: ignore[arg-type]

    def save_model(
        self, request: HttpRequest, obj: AutomaticBudget, form: forms.ModelForm, change: bool
    ) -> None:
        # two people who add it at one moment write the same row
        obj.pk = 1
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("automatic changes this month"))
    def used(self, budget: AutomaticBudget) -> str:
        return localized.number(changes_this_month(timezone.now()))
