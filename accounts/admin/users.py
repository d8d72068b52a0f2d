from __future__ import annotations

import logging
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import delegation
from accounts.admin.bulk_grants import GrantsInBulk
from accounts.admin.second_factor import ResetsSecondFactors, reset_second_factor
from accounts.models import CourseGrant, RunGrant, User
from accounts.sign_in import password_links
from core.admin.confirmation import confirmed
from core.admin.distinct_formset import DistinctFormSet
from core.task_queue import UNREACHABLE

logger = logging.getLogger(__name__)


def acting_user(request: HttpRequest) -> User:
    """Return the signed-in account, which every visitor of the admin has."""
    return cast("User", request.user)


def free_email(email: str, *, besides: User | None = None) -> str:
    """Return the normalized address; ValidationError when another account has it."""
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exclude(pk=besides.pk if besides else 0).exists():
        raise ValidationError(gettext("%(email)s already has an account.") % {"email": email})
    return email


class AccountAddForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return free_email(self.cleaned_data["email"])


class AccountForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        return free_email(self.cleaned_data["email"], besides=self.instance)


class GrantFormSet(DistinctFormSet):
    distinct = "course"


class CourseGrantInline(admin.TabularInline):
    model = CourseGrant
    formset = GrantFormSet
    autocomplete_fields = ("course",)
    extra = 1


class RunGrantFormSet(DistinctFormSet):
    distinct = "run"


class RunGrantInline(admin.TabularInline):
    model = RunGrant
    formset = RunGrantFormSet
    autocomplete_fields = ("run",)
    extra = 1


class PermissionChoiceField(forms.ModelMultipleChoiceField):
    """Show permissions in the reader's language; their rows hold the English names."""

    def label_from_instance(self, permission: Any) -> str:
        return f"{permission.content_type} | {gettext(permission.name)}"


class TranslatedPermissionsMixin:
    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        if db_field.related_model is Permission:
            kwargs["form_class"] = PermissionChoiceField
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


@admin.register(User)
class UserAdmin(GrantsInBulk, ResetsSecondFactors, TranslatedPermissionsMixin, DjangoUserAdmin):
    form = AccountForm
    add_form = AccountAddForm
    add_form_template = None
    inlines = (CourseGrantInline, RunGrantInline)
    list_display = (
        "email",
        "name",
        "role",
        "granted_courses",
        "last_login",
        "second_factor_since",
        "is_active",
    )
    list_filter = ("is_staff", "is_superuser", "is_active", "groups", "course_grants__course")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined", "second_factor_since")
    actions = ("invite", "grant", reset_second_factor)
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "password")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (
            _("Individual permissions"),
            {"fields": ("user_permissions",), "classes": ("collapse",)},
        ),
        (_("Activity"), {"fields": ("last_login", "date_joined", "second_factor_since")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.annotate(
            grants=Count("course_grants", distinct=True) + Count("run_grants", distinct=True)
        )

    def get_inlines(self, request: HttpRequest, obj: User | None = None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Keep staff who may edit accounts from making themselves or others superusers."""
        granter = acting_user(request)
        if granter.is_superuser:
            return self.readonly_fields
        kept = (*self.readonly_fields, "is_superuser", "user_permissions")
        return kept if delegation.may_assign_groups(granter) else (*kept, "is_staff", "groups")

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        if request is not None and db_field.name == "groups":
            kwargs["queryset"] = delegation.assignable_groups(acting_user(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_edit(request, obj)

    @admin.action(description=_("E-mail a link to set a password"), permissions=["change"])
    @confirmed(
        title=_("E-mail a link"),
        consequence=_("These accounts get an e-mail with a link to set a password."),
    )
    def invite(self, request: HttpRequest, accounts: QuerySet[User]) -> list[User]:
        editable = [one for one in accounts if may_edit(request, one)]
        try:
            sent = password_links.invite(editable)
        except UNREACHABLE:
            self.message_user(request, gettext("E-mails cannot be sent right now."), messages.ERROR)
            return []
        text = ngettext("%(count)s link is being sent.", "%(count)s links are being sent.", sent)
        self.message_user(request, text % {"count": sent})
        if skipped := len(accounts) - sent:
            text = ngettext(
                "%(count)s account was skipped: it is closed or has more rights than you.",
                "%(count)s accounts were skipped: they are closed or have more rights than you.",
                skipped,
            )
            self.message_user(request, text % {"count": skipped}, messages.WARNING)
        return [one for one in editable if one.is_active]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Log which roles and permissions were changed, and by whom."""
        before = delegation.permissions_of(form.instance)
        super().save_related(request, form, formsets, change)
        after = delegation.permissions_of(form.instance)
        roles = {"is_active", "is_staff", "is_superuser"} & set(form.changed_data)
        if roles or before != after:
            logger.info(
                "Account %s changed account %s: %s; granted %s; removed %s",
                acting_user(request).pk,
                form.instance.pk,
                ", ".join(f"{one}={getattr(form.instance, one)}" for one in sorted(roles)),
                ", ".join(sorted(after - before)) or "nothing",
                ", ".join(sorted(before - after)) or "nothing",
            )

    @admin.display(description=_("role"))
    def role(self, user: User) -> str:
        if user.is_staff:
            return gettext("superuser") if user.is_superuser else gettext("staff")
        return gettext("manager") if self.granted_courses(user) else gettext("learner")

    @admin.display(description=_("granted courses and runs"), ordering="grants")
    def granted_courses(self, user: User) -> int:
        return int(getattr(user, "grants", 0))


def may_edit(request: HttpRequest, account: User | None) -> bool:
    """Return whether the visitor may edit, close or delete the account or set its password."""
    return account is None or delegation.may_edit_account(acting_user(request), account)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(TranslatedPermissionsMixin, DjangoGroupAdmin):
    """Groups of permissions; a visitor can only use permissions that they hold."""

    list_display = ("name", "account_count", "permission_count")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        counted: QuerySet[Group] = (
            super()
            .get_queryset(request)
            .annotate(
                accounts=Count("user", distinct=True),
                granted=Count("permissions", distinct=True),
            )
        )
        return counted

    @admin.display(description=_("accounts"), ordering="accounts")
    def account_count(self, group: Group) -> int:
        return int(getattr(group, "accounts", 0))

    @admin.display(description=_("permissions"), ordering="granted")
    def permission_count(self, group: Group) -> int:
        return int(getattr(group, "granted", 0))

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._holds_all_of(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._holds_all_of(request, obj)

    def _holds_all_of(self, request: HttpRequest, group: Group | None) -> bool:
        return group is None or delegation.holds_all(
            acting_user(request), delegation.permissions_of_group(group)
        )

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        if request is not None and db_field.name == "permissions":
            kwargs["queryset"] = delegation.grantable_permissions(acting_user(request)).order_by(
                "content_type__app_label", "content_type__model", "codename"
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)
