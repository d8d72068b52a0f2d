from __future__ import annotations

import logging
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts import delegation, password_links
from accounts.models import CourseGrant, User
from core.admin.distinct_formset import DistinctFormSet

logger = logging.getLogger(__name__)


def acting_user(request: HttpRequest) -> User:
    """Who does it: behind the admin's door it is always an account."""
    return cast("User", request.user)


def free_email(email: str, *, besides: User | None = None) -> str:
    """Return the address as it is kept; ValidationError when another account has it."""
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exclude(pk=besides.pk if besides else 0).exists():
        raise ValidationError(f"{email} has an account already; search for it in the list.")
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


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = AccountForm
    add_form = AccountAddForm
    add_form_template = None
    inlines = (CourseGrantInline,)
    list_display = ("email", "name", "role", "granted_courses", "last_login", "is_active")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups", "course_grants__course")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined")
    actions = ("invite",)
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Single permissions", {"fields": ("user_permissions",), "classes": ("collapse",)}),
        ("Seen", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.annotate(grants=Count("course_grants"))

    def get_inlines(self, request: HttpRequest, obj: User | None = None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Keep who may edit accounts from making superusers, themselves first."""
        if acting_user(request).is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and within_reach(request, obj)

    @admin.action(description="E-mail a link to set a password", permissions=["change"])
    def invite(self, request: HttpRequest, accounts: QuerySet[User]) -> None:
        within = [one for one in accounts if within_reach(request, one)]
        try:
            invited = password_links.invite(within)
        except password_links.AWAY:
            self.message_user(request, "No e-mail can be sent at the moment.", messages.ERROR)
            return
        self.message_user(request, f"Links on their way: {invited}.")
        if left_out := len(accounts) - invited:
            words = f"Closed accounts, and those that may do more than you, got none: {left_out}."
            self.message_user(request, words, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Log who gave or took what."""
        before = delegation.permissions_of(form.instance)
        super().save_related(request, form, formsets, change)
        after = delegation.permissions_of(form.instance)
        roles = {"is_active", "is_staff", "is_superuser"} & set(form.changed_data)
        if roles or before != after:
            logger.info(
                "Account %s changed account %s: %s; gave %s; took %s",
                acting_user(request).pk,
                form.instance.pk,
                ", ".join(f"{one}={getattr(form.instance, one)}" for one in sorted(roles)),
                ", ".join(sorted(after - before)) or "nothing",
                ", ".join(sorted(before - after)) or "nothing",
            )

    @admin.display(description="role")
    def role(self, user: User) -> str:
        if user.is_staff:
            return "superuser" if user.is_superuser else "staff"
        return "manager" if self.granted_courses(user) else "learner"

    @admin.display(description="courses granted", ordering="grants")
    def granted_courses(self, user: User) -> int:
        return int(getattr(user, "grants", 0))


def within_reach(request: HttpRequest, account: User | None) -> bool:
    """Say whether the visitor may edit, close or delete the account and set its password."""
    return account is None or delegation.may_edit_account(acting_user(request), account)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Groups of permissions, made of those that the visitor holds."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_held(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_held(request, obj)

    def _is_held(self, request: HttpRequest, group: Group | None) -> bool:
        return group is None or delegation.holds_all(
            acting_user(request), delegation.permissions_of_group(group)
        )

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        if request is not None and db_field.name == "permissions":
            kwargs["queryset"] = delegation.may_give(acting_user(request)).order_by(
                "content_type__app_label", "content_type__model", "codename"
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)
