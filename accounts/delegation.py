"""Nobody hands out more than they hold: one rule for accounts, groups and API keys."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from accounts.models import ApiKey, User
from accounts.reader import Reader

SENDING = "intake.import_event"
# what an account must be permitted to give a key this scope; every other needs only to read KPIs
NEEDED = {
    ApiKey.Scope.EVENTS_WRITE: SENDING,
    # files of events define courses and make what is unknown too
    ApiKey.Scope.CURRICULUM_WRITE: SENDING,
    ApiKey.Scope.SMALL_GROUPS: "accounts.view_small_groups",
}


def permissions_of(account: User) -> set[str]:
    """What it is permitted, open or closed: one that is closed may be opened again."""
    return _named(Permission.objects.filter(Q(user=account) | Q(group__user=account)))


def permissions_of_group(group: Group) -> set[str]:
    return _named(Permission.objects.filter(group=group))


def may_give(giver: User) -> QuerySet[Permission]:
    """The permissions that this account holds, and so may give to others."""
    if giver.is_superuser:
        return Permission.objects.all()
    held = Q(user=giver) | Q(group__user=giver)
    return Permission.objects.filter(pk__in=Permission.objects.filter(held).values("pk"))


def holds_all(giver: User, permissions: Iterable[str]) -> bool:
    return giver.has_perms(list(permissions))


def may_edit_account(giver: User, account: User) -> bool:
    """True where the account holds nothing that the giver does not: then it is within reach.

    Whoever sets an account's password or e-mail address can sign in as it.
    """
    if account.is_superuser:
        return giver.is_superuser
    return holds_all(giver, permissions_of(account))


def scopes_of(giver: User) -> list[str]:
    """The scopes that the account may give to an API key."""
    if not Reader.of(giver).reads_kpis:
        return []
    return [scope for scope in ApiKey.Scope if scope not in NEEDED or giver.has_perm(NEEDED[scope])]


def may_let_create_unknown(giver: User) -> bool:
    return giver.has_perm(SENDING)


def reaches_key(giver: User, key: ApiKey) -> bool:
    """True where the key may do nothing that the account may not."""
    reader = Reader.of(giver)
    sees_its_courses = reader.sees_every_course or (
        key.is_limited and all(reader.may_see(one.pk) for one in key.courses.all())
    )
    return (
        set(key.scopes) <= set(scopes_of(giver))
        and sees_its_courses
        and (not key.creates_unknown or may_let_create_unknown(giver))
    )


def _named(permissions: QuerySet[Permission]) -> set[str]:
    pairs = permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{name}" for app, name in pairs}
