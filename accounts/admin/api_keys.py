from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import delegation
from accounts.admin.users import acting_user
from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User

logger = logging.getLogger(__name__)


class ApiKeyForm(forms.ModelForm):
    """Offers what the account that makes the key may do itself."""

    giver: User
    scopes = forms.MultipleChoiceField(
        choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "is_limited", "courses", "creates_unknown", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scopes" in self.fields:
            scopes = cast("forms.MultipleChoiceField", self.fields["scopes"])
            held = delegation.scopes_of(self.giver)
            scopes.choices = [one for one in ApiKey.Scope.choices if one[0] in held]
            scopes.help_text = "Only what your own account may do can be given to a key."
        if "creates_unknown" in self.fields and not delegation.may_let_create_unknown(self.giver):
            self.fields["creates_unknown"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("courses") and not cleaned.get("is_limited"):
            self.add_error("is_limited", "Tick this, or choose no courses.")
        if cleaned.get("is_limited") and not (cleaned.get("courses") or self.instance.pk):
            self.add_error("courses", "Choose the courses that the key is limited to.")
        return cleaned

    def clean_expires_at(self) -> datetime | None:
        end: datetime | None = self.cleaned_data["expires_at"]
        if end and "expires_at" in self.changed_data and end <= timezone.now():
            raise forms.ValidationError("This is over; to end a key now, revoke it.")
        return end


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    form = ApiKeyForm
    list_display = (
        "name", "prefix", "may_do", "limited_to", "age", "expires_at", "last_used_at", "is_valid"
    )  # fmt: skip
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at", "creates_unknown")
    search_fields = ("name", "prefix")
    autocomplete_fields = ("courses",)
    readonly_fields = ("prefix", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).prefetch_related("courses")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[forms.ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        return cast(
            "type[forms.ModelForm]", type("GivenForm", (form,), {"giver": acting_user(request)})
        )

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Leave a key that may do more than the visitor as it is; anybody here may revoke it."""
        is_within_reach = obj is None or delegation.reaches_key(acting_user(request), obj)
        return super().has_change_permission(request, obj) and is_within_reach

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        asked = ("name", "scopes", "is_limited", "courses", "creates_unknown", "expires_at")
        return (*asked, *self.readonly_fields) if obj else asked

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Fix the name once events came under it: their ids are unique within it."""
        return ("name", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(
        self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool
    ) -> None:
        if change:
            super().save_model(request, obj, form, change)
            self._log("changed", request, obj)
            return
        key, secret = create_api_key(
            obj.name,
            obj.scopes,
            courses=form.cleaned_data["courses"],
            creates_unknown=obj.creates_unknown,
            expires_at=obj.expires_at,
        )
        obj.pk = key.pk
        obj.refresh_from_db()
        self._log("made", request, obj)
        self.message_user(
            request,
            f"The key of {obj.name} is {secret} : copy it now, it is not shown again.",
            messages.WARNING,
        )

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        revoked = keys.filter(revoked_at=None).update(revoked_at=timezone.now())
        logger.info("Account %s revoked %s API keys", acting_user(request).pk, revoked)
        self.message_user(request, f"Keys revoked: {revoked}.")

    def _log(self, done: str, request: HttpRequest, key: ApiKey) -> None:
        scopes = ", ".join(key.scopes) or "nothing"
        who = acting_user(request).pk
        logger.info("Account %s %s the API key %s, which may: %s", who, done, key, scopes)

    @admin.display(description="may")
    def may_do(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="courses")
    def limited_to(self, key: ApiKey) -> str:
        if not key.is_limited:
            return "every course"
        return ", ".join(course.key for course in key.courses.all()) or "none"

    @admin.display(ordering="-created_at")
    def age(self, key: ApiKey) -> str:
        """Old keys are the ones to replace."""
        days = (timezone.now() - key.created_at).days
        return f"{days} day{'' if days == 1 else 's'}"

    @admin.display(description="valid", boolean=True)
    def is_valid(self, key: ApiKey) -> bool:
        return key.is_valid
