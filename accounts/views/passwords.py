"""Pages to change one's password, and to set a new one with a link sent by e-mail."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import FormView, TemplateView

from accounts.models import User
from accounts.sign_in import password_links
from accounts.sign_in.invitations import InvitationTokens, accept
from accounts.sign_in.known_devices import remember_device
from accounts.sign_in.sign_in_limits import address_of
from core.task_queue import UNREACHABLE

logger = logging.getLogger(__name__)


class OldPasswordForm(PasswordChangeForm):
    """Check the old password through the backend that limits failed tries."""

    request: HttpRequest

    def clean_old_password(self) -> str:
        old = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=old) is None:
            raise forms.ValidationError(
                self.error_messages["password_incorrect"], code="password_incorrect"
            )
        return str(old)


@method_decorator(never_cache, name="dispatch")
class ChangePassword(PasswordChangeView):
    """Change the password; the account's other sessions end, this one continues."""

    template_name = "accounts/password.html"
    form_class = OldPasswordForm
    success_url = reverse_lazy("password")

    def get_form(self, form_class: Any = None) -> Any:
        form: Any = super().get_form(form_class)
        form.request = self.request
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        logger.info("Account %s changed its password", form.user.pk)
        messages.success(
            self.request,
            gettext("Your password was changed. You were signed out on all other devices."),
        )
        return response


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


@method_decorator((csrf_protect, never_cache), name="dispatch")
class ForgottenPassword(FormView):  # type: ignore[type-arg]
    """Respond alike and equally fast for every address, so that it reveals no account."""

    template_name = "accounts/forgotten.html"
    form_class = EmailForm
    success_url = reverse_lazy("password-link-sent")

    def form_valid(self, form: EmailForm) -> HttpResponse:
        try:
            password_links.request_link(
                form.cleaned_data["email"], ip_address=address_of(self.request) or ""
            )
        except UNREACHABLE:
            form.add_error(
                None, gettext("E-mails cannot be sent right now. Try again in a few minutes.")
            )
            response = self.render_to_response(self.get_context_data(form=form))
            response.status_code = 503
            return response
        return super().form_valid(form)


class LinkSent(TemplateView):
    template_name = "accounts/link_sent.html"
    extra_context = {"hours": password_links.hours_valid}


class SetPassword(PasswordResetConfirmView):
    """The page behind the link; setting the password ends all of the account's sessions.

    It keeps the site's own Referrer-Policy instead of Django's `no-referrer`: with that, browsers
    send no origin and the form would fail the CSRF check. The secret is no longer in the URL.
    """

    template_name = "accounts/set_password.html"
    success_url = reverse_lazy("sign-in")

    def get_user(self, uidb64: str) -> User | None:
        """Return the account of the link; None if it is closed, or its number spelled otherwise."""
        found: User | None = super().get_user(uidb64)
        if found is None or not found.is_active:
            return None
        # the last letter may have bits that mean nothing
        return found if urlsafe_base64_encode(force_bytes(found.pk)) == uidb64 else None

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        # the link of an open invitation would set it once more
        accept(form.user)
        logger.info("Account %s set a new password by a link", form.user.pk)
        # only the owner can read the account's e-mail
        remember_device(self.request, form.user)
        messages.success(self.request, gettext("Your new password is set. Sign in with it."))
        return response


class AcceptInvitation(SetPassword):
    """The page behind the link of an invitation."""

    template_name = "accounts/invitation.html"
    token_generator = InvitationTokens()

    def form_valid(self, form: Any) -> HttpResponse:
        if not accept(form.user):
            return self.render_to_response(self.get_context_data(validlink=False))
        return super().form_valid(form)
