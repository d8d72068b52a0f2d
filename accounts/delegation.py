"""Decide what an account may grant to others: never more than it may do itself."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from accounts.models import ApiKey, User
from accounts.reader import Reader

IMPORT_EVENTS = "intake.import_event"
# the permission required to grant a scope; any other scope requires access to KPIs only
REQUIRED_PERMISSIONS = {
    ApiKey.Scope.EVENTS_WRITE: IMPORT_EVENTS,
    # importing events from files can define courses, too
    ApiKey.Scope.CURRICULUM_WRITE: IMPORT_EVENTS,
    ApiKey.Scope.SMALL_GROUPS: "accounts.view_small_groups",
    ApiKey.Scope.ADJUSTMENTS_WRITE: "improvement.decide_adjustment",
    ApiKey.Scope.EXPERIMENTS_WRITE: "experiments.run_experiment",
    ApiKey.Scope.LEARNERS_READ: "support.view_learners_to_help",
    ApiKey.Scope.XAPI_WRITE: IMPORT_EVENTS,
    ApiKey.Scope.XAPI_READ: "xapi.view_statement",
    ApiKey.Scope.XAPI_ALL: "xapi.view_statement",
    # facts are about single people, so they show every group
    ApiKey.Scope.FACTS_READ: "accounts.view_small_groups",
}


def permissions_of(account: User) -> set[str]:
    """Return the account's permissions, even if it is closed: it could be reopened."""
    return _full_names(Permission.objects.filter(Q(user=account) | Q(group__user=account)))


def permissions_of_group(group: Group) -> set[str]:
    return _full_names(Permission.objects.filter(group=group))


def grantable_permissions(granter: User) -> QuerySet[Permission]:
    """Return the permissions that this account holds and may therefore grant."""
    if granter.is_superuser:
        return Permission.objects.all()
    held = Q(user=granter) | Q(group__user=granter)
    return Permission.objects.filter(pk__in=Permission.objects.filter(held).values("pk"))


def may_assign_groups(granter: User) -> bool:
    """Return whether the account may decide who is in a group, or is staff.

    Whoever edits groups grants their permissions to others anyway.
    """
    return granter.is_superuser or granter.has_perms(["accounts.change_user", "auth.change_group"])


def assignable_groups(granter: User) -> QuerySet[Group]:
    """Return the groups without any permission that the account lacks."""
    lacked = Permission.objects.exclude(pk__in=grantable_permissions(granter).values("pk"))
    return Group.objects.exclude(permissions__in=lacked)


def holds_all(granter: User, permissions: Iterable[str]) -> bool:
    return granter.has_perms(list(permissions))


def may_edit_account(granter: User, account: User) -> bool:
    """Return whether the account holds no permission that the granter lacks.

    Anybody who can set an account's password or e-mail address can sign in as it.
    """
    if account.is_superuser:
        return granter.is_superuser
    return holds_all(granter, permissions_of(account))


def grantable_scopes(granter: User) -> list[str]:
    """Return the scopes that the account may grant to an API key."""
    if not Reader.of(granter).reads_kpis:
        return []
    return [
        scope
        for scope in ApiKey.Scope
        if scope not in REQUIRED_PERMISSIONS or granter.has_perm(REQUIRED_PERMISSIONS[scope])
    ]


def may_grant_creation(granter: User) -> bool:
    """Return whether the account may let a key create unknown learners and courses."""
    return granter.has_perm(IMPORT_EVENTS)


def may_edit_key(granter: User, key: ApiKey) -> bool:
    """Return whether the account may do everything that the key may do."""
    reader = Reader.of(granter)
    sees_its_courses = reader.sees_every_course or (
        key.is_limited and all(reader.may_see(one.pk) for one in key.courses.all())
    )
    return (
        set(key.scopes) <= set(grantable_scopes(granter))
        and sees_its_courses
        and (not key.creates_unknown or may_grant_creation(granter))
    )


def _full_names(permissions: QuerySet[Permission]) -> set[str]:
    pairs = permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{name}" for app, name in pairs}
