from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.reader import Reader
from accounts.sign_in.password_backend import is_overloaded
from accounts.views.second_factor import continue_sign_in

DASHBOARD, PROGRESS, ORGANIZATIONS = "/kpi-dashboard", "/my-progress", "/organizations"


class EmailAuthenticationForm(AuthenticationForm):
    error_messages = {
        "invalid_login": format_lazy(
            _(
                "Wrong e-mail address or password. After too many tries, wait {minutes} minutes "
                "or set a new password."
            ),
            minutes=settings.KPI_SIGN_IN_WAIT_MINUTES,
        ),
        "inactive": _("This account is closed. Please contact the staff."),
        "busy": _("Many people are signing in right now. Try again in a few seconds."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"] = forms.EmailField(
            label=_("E-mail address"),
            widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        )

    def get_invalid_login_error(self) -> forms.ValidationError:
        if self.request is not None and is_overloaded(self.request):
            return forms.ValidationError(self.error_messages["busy"], code="busy")
        return super().get_invalid_login_error()


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    form_class = EmailAuthenticationForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return continue_sign_in(request) or super().dispatch(request, *args, **kwargs)

    def get_success_url(self) -> str:
        """Avoid redirecting to the sign-in page itself, which would loop."""
        url = super().get_success_url()
        return settings.LOGIN_REDIRECT_URL if url == self.request.path else url


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Redirect people to what they manage, and learners to their own progress."""
    return HttpResponseRedirect(_front_door(request.user))


def _front_door(user: Any) -> str:
    reader = Reader.of(user)
    if reader.reads_kpis:
        return DASHBOARD
    is_learner = hasattr(user, "learner")
    return ORGANIZATIONS if reader.manages_seats and not is_learner else PROGRESS
