"""Find or create the account of somebody who signed in at the identity provider."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts.account_creation import MANAGER, create_account
from accounts.models import User
from accounts.sign_in.single_sign_on import Identity, SignInError
from accounts.sign_in.vouched_addresses import account_at

logger = logging.getLogger(__name__)


@transaction.atomic
def account_of(identity: Identity) -> User:
    """Return the open account of this person, with the groups that the provider names.

    The first time, it is found by its verified address; afterwards by who the person is at the
    provider, whatever address they have there by then. SignInError without one.
    """
    locked = User.objects.select_for_update()
    account = locked.filter(single_sign_on_subject=identity.subject).first()
    account = account or _linked(identity)
    if not account.is_active:
        raise SignInError(gettext("This account is closed. Please contact the staff."))
    set_groups(account, identity)
    return account


def _linked(identity: Identity) -> User:
    if not (identity.email and identity.is_email_verified):
        raise SignInError(
            gettext("%(name)s has not verified your e-mail address. Verify it there, then return.")
            % {"name": settings.KPI_OIDC_NAME}
        )
    account = account_at(identity.email) or _created(identity)
    # who this was at a former provider says nothing about this one
    if (account.single_sign_on_subject or "").startswith(f"{identity.subject.split()[0]} "):
        logger.warning("Account %s belongs to another person at the provider", account.pk)
        raise SignInError(
            gettext("The account with this e-mail address belongs to somebody else there.")
        )
    account.single_sign_on_subject = identity.subject
    account.save(update_fields=["single_sign_on_subject"])
    logger.info("Account %s was linked to the identity provider", account.pk)
    return account


def _created(identity: Identity) -> User:
    if settings.KPI_OIDC_ACCOUNTS != "MANAGERS":
        raise SignInError(
            gettext("%(email)s has no account here. Ask the staff for an invitation.")
            % {"email": identity.email}
        )
    try:
        account = create_account(MANAGER, identity.email, None, name=identity.name)
    except ValidationError as error:
        raise SignInError(" ".join(error.messages)) from error
    logger.info("Account %s was created by single sign-on", account.pk)
    return account


def set_groups(account: User, identity: Identity) -> None:
    """Give and take the groups that settings map from claims, and the role staff with them.

    No claim makes a superuser, and groups that no claim stands for stay as they are.
    """
    mapped = {name for names in settings.KPI_OIDC_GROUPS.values() for name in names}
    if not mapped or account.is_superuser:
        return
    named = {name for one in identity.groups for name in settings.KPI_OIDC_GROUPS.get(one, [])}
    groups = {group.name: group for group in Group.objects.filter(name__in=mapped)}
    if unknown := named - groups.keys():
        logger.error("KPI_OIDC_GROUPS names unknown groups: %s", ", ".join(sorted(unknown)))
    held = set(account.groups.filter(name__in=mapped).values_list("name", flat=True))
    wanted = named & groups.keys()
    if held == wanted:
        return
    account.groups.add(*(groups[name] for name in wanted - held))
    account.groups.remove(*(groups[name] for name in held - wanted))
    has_other_rights = account.groups.exists() or account.user_permissions.exists()
    account.is_staff = bool(wanted) or (account.is_staff and has_other_rights)
    account.save(update_fields=["is_staff"])
    logger.warning(
        "Account %s: single sign-on added groups %s, removed %s; is_staff=%s",
        account.pk,
        ", ".join(sorted(wanted - held)) or "none",
        ", ".join(sorted(held - wanted)) or "none",
        account.is_staff,
    )
