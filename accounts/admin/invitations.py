"""Invite people in the admin, send invitations again and withdraw them."""

from __future__ import annotations

import logging
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.account_creation import LEARNER, MANAGER, STAFF, create_account
from accounts.admin.bulk_grants import PERMISSIONS
from accounts.admin.run_choice import RunsField
from accounts.admin.users import acting_user, free_email, may_edit
from accounts.models import Invitation, User
from accounts.other_grants import OTHER_GRANTS
from accounts.sign_in import invitations
from core.task_queue import UNREACHABLE
from curriculum.models import Course, Learner

logger = logging.getLogger(__name__)

ROLES = {MANAGER: _("Manager"), LEARNER: _("Learner"), STAFF: _("Staff")}
# the fields that belong to one role only
FIELDS_OF = {"courses": MANAGER, "runs": MANAGER, "learner": LEARNER, "groups": STAFF}


def fields_of_roles() -> dict[str, str]:
    return FIELDS_OF | {name: one.role for name, one in OTHER_GRANTS.items()}


def offered_roles(inviter: User) -> list[str]:
    """Return the roles that the account may give: nobody hands out more than they may."""
    others = [one.permission for one in OTHER_GRANTS.values() if one.role == MANAGER]
    may_grant = any(inviter.has_perm(one) for one in (*PERMISSIONS.values(), *others))
    return [
        *([MANAGER] if may_grant else []),
        LEARNER,
        *([STAFF] if inviter.is_superuser else []),
    ]


class InvitationForm(forms.ModelForm):
    inviter: User
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES.items())
    courses = forms.ModelMultipleChoiceField(
        Course.objects.all(),
        label=_("Granted courses"),
        required=False,
        # the admin's own widget for many choices has no label for screen readers
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    runs = RunsField(label=_("Granted course runs"), required=False)
    learner = forms.CharField(label=_("Learner’s key"), max_length=200, required=False)
    groups = forms.ModelMultipleChoiceField(
        Group.objects.all(),
        label=_("Groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Invitation
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" not in self.fields:
            return
        roles = offered_roles(self.inviter)
        cast("forms.ChoiceField", self.fields["role"]).choices = [
            (one, ROLES[one]) for one in roles
        ]
        required = dict(PERMISSIONS)
        for name, grant in OTHER_GRANTS.items():
            required[name] = grant.permission
            self.fields[name] = forms.ModelMultipleChoiceField(
                grant.rows(),
                label=grant.label,
                required=False,
                widget=forms.SelectMultiple(attrs={"size": 8}),
            )
        for name, role in fields_of_roles().items():
            may_give = name not in required or self.inviter.has_perm(required[name])
            if role not in roles or not may_give:
                del self.fields[name]

    def clean_email(self) -> str:
        return free_email(self.cleaned_data["email"])

    def clean_learner(self) -> Learner | None:
        key = self.cleaned_data["learner"].strip()
        if not key:
            return None
        learner = Learner.objects.filter(key=key).first() if "\0" not in key else None
        if learner is None:
            raise forms.ValidationError(gettext("Unknown learner: %(key)s.") % {"key": key})
        if learner.user_id:
            raise forms.ValidationError(gettext("This learner already has an account."))
        return learner

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        role = cleaned.get("role")
        for name, owner in fields_of_roles().items():
            if cleaned.get(name) and role and role != owner:
                error = gettext("Leave this empty: it is for the role “%(role)s”.")
                self.add_error(name, error % {"role": ROLES[owner]})
        if role == LEARNER and "learner" not in self.errors and not cleaned.get("learner"):
            self.add_error("learner", gettext("Enter the key that events use for the learner."))
        grants = ("courses", "runs", *(name for name, one in OTHER_GRANTS.items() if one.is_enough))
        offered = [name for name in grants if name in self.fields]
        if role == MANAGER and not any(
            cleaned.get(name) or name in self.errors for name in offered
        ):
            self.add_error(offered[0], gettext("Choose at least one course, run or organization."))
        return cleaned

    def create(self) -> User:
        """Create the account, which nobody can sign in to before the invitation is accepted."""
        data = self.cleaned_data
        return create_account(
            data["role"],
            data["email"],
            None,
            name=data["name"],
            groups=data.get("groups") or (),
            courses=data.get("courses") or (),
            runs=data.get("runs") or (),
            learner=data.get("learner"),
            others={name: data.get(name) or () for name in OTHER_GRANTS},
        )


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    form = InvitationForm
    list_display = ("account", "name", "state", "invited_by", "sent_at", "expires_at")
    list_filter = (
        ("accepted_at", admin.EmptyFieldListFilter),
        ("withdrawn_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("account", "invited_by")
    search_fields = ("account__email", "account__name")
    actions = ("send_again", "withdraw")

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        if obj is None:
            return list(self.get_form(request)(None).fields)
        return self.get_readonly_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        if obj is None:
            return ()
        return ("account", "state", "invited_by", "sent_at", "expires_at", "accepted_at")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return type("InviterForm", (InvitationForm,), {"inviter": acting_user(request)})

    def has_add_permission(self, request: HttpRequest) -> bool:
        may_add_account = acting_user(request).has_perm("accounts.add_user")
        return super().has_add_permission(request) and may_add_account

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Only the list has actions; nothing of an invitation can be edited."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Invitation, form: InvitationForm, change: bool
    ) -> None:
        obj.account, obj.invited_by = form.create(), acting_user(request)
        obj.save()
        logger.info("Account %s invited account %s", acting_user(request).pk, obj.account_id)
        self._send(request, [obj])

    def _send(self, request: HttpRequest, chosen: list[Invitation]) -> None:
        try:
            sent = invitations.send(chosen)
        except UNREACHABLE:
            text = gettext("E-mails cannot be sent right now. Send the invitation again later.")
            self.message_user(request, text, messages.ERROR)
            return
        text = ngettext(
            "%(count)s invitation is being sent.", "%(count)s invitations are being sent.", sent
        )
        self.message_user(request, text % {"count": sent})

    @admin.action(description=_("Send again, with a new link"), permissions=["change"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        self._send(request, [one for one in chosen if may_edit(request, one.account)])

    @admin.action(description=_("Withdraw"), permissions=["change"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        mine = [one for one in chosen if may_edit(request, one.account)]
        count = invitations.withdraw(mine)
        text = ngettext(
            "%(count)s invitation was withdrawn.", "%(count)s invitations were withdrawn.", count
        )
        self.message_user(request, text % {"count": count})

    @admin.display(description=_("name"), ordering="account__name")
    def name(self, invitation: Invitation) -> str:
        return invitation.account.name
