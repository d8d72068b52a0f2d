"""Pages for an account's own password: to change it, and to set a new one by a mailed link."""

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
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import FormView, TemplateView

from accounts import password_links
from accounts.models import User
from accounts.sign_in_limits import address_of, remember_device

logger = logging.getLogger(__name__)


class OldPasswordForm(PasswordChangeForm):
    """Asks for the old password by the way that counts wrong ones."""

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
    """Ends the account's other sessions; this one goes on."""

    template_name = "accounts/password.html"
    form_class = OldPasswordForm
    success_url = reverse_lazy("password")

    def get_form(self, form_class: Any = None) -> Any:
        form: Any = super().get_form(form_class)
        form.request = self.request
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        logger.info("Account %s changed its password", form.user.pk)
        messages.success(
            self.request, "Your password is changed. Wherever else you were signed in, you are not."
        )
        return answer


class EmailForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


@method_decorator((csrf_protect, never_cache), name="dispatch")
class ForgottenPassword(FormView):  # type: ignore[type-arg]
    """Says the same for every address, after the same time."""

    template_name = "accounts/forgotten.html"
    form_class = EmailForm
    success_url = reverse_lazy("password-link-sent")

    def form_valid(self, form: EmailForm) -> HttpResponse:
        try:
            password_links.ask_for_link(
                form.cleaned_data["email"], place=address_of(self.request) or ""
            )
        except password_links.AWAY:
            form.add_error(None, "No e-mail can be sent at the moment. Try again in a few minutes.")
            answer = self.render_to_response(self.get_context_data(form=form))
            answer.status_code = 503
            return answer
        return super().form_valid(form)


class LinkSent(TemplateView):
    template_name = "accounts/link_sent.html"
    extra_context = {"hours": password_links.hours}


class SetPassword(PasswordResetConfirmView):
    """Where the mailed link leads; it ends all of the account's sessions.

    The site's own Referrer-Policy holds: with `no-referrer` browsers name no origin, and the
    form would be taken for a forged one. The secret is out of the address by then.
    """

    template_name = "accounts/set_password.html"
    success_url = reverse_lazy("sign-in")

    def get_user(self, uidb64: str) -> User | None:
        """Return the account that the link names; None for one that is closed."""
        found: User | None = super().get_user(uidb64)
        return found if found and found.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        logger.info("Account %s set a new password by a link", form.user.pk)
        # who reads the account's mail is its owner
        remember_device(self.request, form.user)
        messages.success(self.request, "Your new password is set. Sign in with it.")
        return answer
