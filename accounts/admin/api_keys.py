from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import delegation
from accounts.admin.key_rotation import RotationForm
from accounts.admin.users import acting_user
from accounts.api_keys import create_api_key, rotate_api_key
from accounts.models import ApiKey, ApiKeyUse, FormerSecret, User
from core import localized
from core.admin.confirmation import ask, log_changes
from core.admin.view_only import ReadOnlyInline
from core.admin.work_queue import add_to_work_queue

logger = logging.getLogger(__name__)


class ApiKeyForm(forms.ModelForm):
    """Offer only scopes that the signed-in account may grant."""

    granter: User
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = (
            "name", "scopes", "is_limited", "courses", "creates_unknown", "expires_at",
            "requests_per_minute", "batches_per_minute",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scopes" in self.fields:
            scopes = cast("forms.MultipleChoiceField", self.fields["scopes"])
            held = delegation.grantable_scopes(self.granter)
            scopes.choices = [one for one in ApiKey.Scope.choices if one[0] in held]
            scopes.help_text = gettext("You can grant only what your own account may do.")
        if "creates_unknown" in self.fields and not delegation.may_grant_creation(self.granter):
            self.fields["creates_unknown"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("courses") and not cleaned.get("is_limited"):
            self.add_error("is_limited", gettext("Check this box, or choose no courses."))
        if cleaned.get("is_limited") and not (cleaned.get("courses") or self.instance.pk):
            self.add_error("courses", gettext("Choose the courses that the key is limited to."))
        return cleaned

    def clean_expires_at(self) -> datetime | None:
        end: datetime | None = self.cleaned_data["expires_at"]
        if end and "expires_at" in self.changed_data and end <= timezone.now():
            raise forms.ValidationError(
                gettext("Enter a time in the future. To end a key now, revoke it.")
            )
        return end


class FormerSecretInline(ReadOnlyInline):
    model = FormerSecret
    fields = readonly_fields = ("prefix", "replaced_at", "works_until", "last_used_at")


class UseInline(ReadOnlyInline):
    """The requests of the last 30 days."""

    model = ApiKeyUse
    fields = readonly_fields = ("day", "requests")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKeyUse]:
        return super().get_queryset(request).filter(day__gt=thirty_days_ago())


def thirty_days_ago() -> date:
    return timezone.localdate() - timedelta(days=30)


def expiring() -> QuerySet[ApiKey]:
    """Return the keys that expire within two weeks, and that somebody still uses."""
    soon = timezone.now() + timedelta(days=14)
    rows = ApiKey.objects.filter(revoked_at=None, last_used_at__isnull=False)
    return rows.filter(expires_at__range=(timezone.now(), soon))


class ExpiringFilter(admin.SimpleListFilter):
    title = _("expires within two weeks")
    parameter_name = "expiring"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        return queryset.filter(pk__in=expiring()) if self.value() == "yes" else queryset


add_to_work_queue(
    _("API keys in use that expire within two weeks"),
    expiring,
    "accounts.change_apikey",
    page="admin:accounts_apikey_changelist",
    query="expiring=yes",
)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    form = ApiKeyForm
    list_display = (
        "name", "is_valid", "scope_list", "limited_to", "age", "expires_at", "last_used_at",
        "recent_requests", "all_requests",
    )  # fmt: skip
    list_filter = (
        ExpiringFilter,
        ("revoked_at", admin.EmptyFieldListFilter),
        "expires_at",
        "creates_unknown",
    )
    search_fields = ("name", "prefix")
    autocomplete_fields = ("courses",)
    readonly_fields = ("prefix", "created_at", "last_used_at", "revoked_at")
    inlines = (FormerSecretInline, UseInline)
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        recent = Sum("use__requests", filter=Q(use__day__gt=thirty_days_ago()), default=0)
        rows = super().get_queryset(request).prefetch_related("courses")
        counted: QuerySet[ApiKey] = rows.annotate(
            recent=recent, total=Sum("use__requests", default=0)
        )
        return counted

    def get_inlines(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return self.inlines if obj else ()

    def get_urls(self) -> list[URLPattern]:
        rotating = path(
            "<int:pk>/rotate/",
            self.admin_site.admin_view(self.rotate_view),
            name="accounts_apikey_rotate",
        )
        return [rotating, *super().get_urls()]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[forms.ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        return cast(
            "type[forms.ModelForm]", type("GranterForm", (form,), {"granter": acting_user(request)})
        )

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Protect keys that may do more than the visitor; revoking them is still possible."""
        may_edit = obj is None or delegation.may_edit_key(acting_user(request), obj)
        return super().has_change_permission(request, obj) and may_edit

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        editable = ApiKeyForm.Meta.fields
        return (*editable, *self.readonly_fields) if obj else editable

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Keep the name of an existing key, as event ids are unique per name."""
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
        limits = ("requests_per_minute", "batches_per_minute")
        ApiKey.objects.filter(pk=key.pk).update(**{one: getattr(obj, one) for one in limits})
        obj.pk = key.pk
        obj.refresh_from_db()
        self._log("created", request, obj)
        self._show(request, obj, secret)

    def _show(self, request: HttpRequest, key: ApiKey, secret: str) -> None:
        self.message_user(
            request,
            gettext("The key for %(name)s is %(secret)s – copy it now, it will not be shown again.")
            % {"name": key.name, "secret": secret},
            messages.WARNING,
        )

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask when the old secret ends, then show the new one once."""
        key = get_object_or_404(self.get_queryset(request), pk=pk)
        # the new secret may do whatever the key may do
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        form = RotationForm(request.POST or None, initial={"expires_at": key.expires_at})
        page = ask(
            self,
            request,
            [key],
            title=gettext("Rotate"),
            consequence=gettext(
                "The key gets a new secret, which is shown once. It keeps its name, scopes and "
                "courses."
            ),
            form=form,
        )
        if page:
            return page
        back = HttpResponseRedirect(reverse("admin:accounts_apikey_change", args=(pk,)))
        try:
            secret = rotate_api_key(key, now=timezone.now(), **form.cleaned_data)
        except ValueError as error:
            self.message_user(request, str(error), messages.ERROR)
            return back
        self._log("rotated", request, key)
        log_changes(request, [key], gettext("Rotated."))
        self._show(request, key, secret)
        return back

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> HttpResponse | None:
        valid = list(keys.filter(revoked_at=None))
        page = ask(
            self,
            request,
            valid,
            title=gettext("Revoke"),
            consequence=gettext("These keys stop working at once, and for good."),
        )
        if page:
            return page
        pks = [one.pk for one in valid]
        revoked = ApiKey.objects.filter(pk__in=pks).update(revoked_at=timezone.now())
        log_changes(request, valid, gettext("Revoked."))
        logger.info("Account %s revoked %s API keys", acting_user(request).pk, revoked)
        text = ngettext("%(count)s key was revoked.", "%(count)s keys were revoked.", revoked)
        self.message_user(request, text % {"count": revoked})
        return None

    def _log(self, done: str, request: HttpRequest, key: ApiKey) -> None:
        scopes = ", ".join(key.scopes) or "none"
        who = acting_user(request).pk
        logger.info("Account %s %s the API key %s with the scopes: %s", who, done, key, scopes)

    @admin.display(description=_("scopes"))
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description=_("courses"))
    def limited_to(self, key: ApiKey) -> str:
        if not key.is_limited:
            return gettext("all courses")
        return ", ".join(course.key for course in key.courses.all()) or gettext("none")

    @admin.display(description=_("age"), ordering="-created_at")
    def age(self, key: ApiKey) -> str:
        """Show which keys are old and should be replaced."""
        days = (timezone.now() - key.created_at).days
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": localized.number(days)}

    @admin.display(description=_("requests in 30 days"), ordering="recent")
    def recent_requests(self, key: ApiKey) -> str:
        return localized.number(getattr(key, "recent", 0))

    @admin.display(description=_("requests in total"), ordering="total")
    def all_requests(self, key: ApiKey) -> str:
        return localized.number(getattr(key, "total", 0))

    @admin.display(description=_("valid"), boolean=True)
    def is_valid(self, key: ApiKey) -> bool:
        return key.is_valid
