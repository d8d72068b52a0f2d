"""Pages to enter the second factor at the sign-in, to set it up and to turn it off."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import RedirectURLMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from accounts.models import User
from accounts.sign_in import second_factor, second_factor_links
from accounts.sign_in.sessions import half_signed_in
from accounts.sign_in.sign_in_limits import SignInLimits
from core.task_queue import UNREACHABLE

# of the session, while a link is on its way
NEXT = "second_factor_next"
WRONG_CODE = _("Wrong code, or a code that was used before. Enter the one that is shown now.")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )


def continue_sign_in(request: HttpRequest) -> HttpResponse | None:
    """Return a redirect to the missing second factor; None if nothing is missing."""
    user = half_signed_in(request)
    if user is None or request.method == "POST":
        return None
    page = "second-factor-code" if second_factor.is_set_up(user) else "second-factor-setup"
    onward = request.GET.get("next", "")
    return redirect(reverse(page) + (f"?{urlencode({'next': onward})}" if onward else ""))


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    is_shown = request.method == "GET" and request.user.is_authenticated
    if is_shown and not admin.site.has_permission(request):
        raise PermissionDenied(
            gettext("The administration is for staff. Sign out first to use another account.")
        )
    return continue_sign_in(request) or admin.site.login(request)


def checked(form: Any, request: HttpRequest, user: User) -> bool:
    """Check the code of a form, with the limit of failed sign-ins; add the error if it is wrong."""
    found = authenticate(
        request,
        username=user.get_username(),
        second_factor_of=user,
        code=form.cleaned_data["code"],
    )
    if found:
        return True
    if seconds := second_factor.wait_seconds(user):
        text = ngettext(
            "Wrong code. Wait %(count)s second before you try again.",
            "Wrong code. Wait %(count)s seconds before you try again.",
            seconds,
        )
        form.add_error("code", text % {"count": seconds})
    else:
        form.add_error("code", WRONG_CODE)
    return False


@method_decorator(never_cache, name="dispatch")
class EnterCode(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """The second step of signing in, at both doors."""

    template_name = "accounts/second_factor_code.html"
    form_class = CodeForm
    next_page = settings.LOGIN_REDIRECT_URL

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = half_signed_in(request)
        if user is None or not second_factor.is_set_up(user):
            return redirect("sign-in")
        self.account = user
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next": self.get_redirect_url()}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        if not checked(form, self.request, self.account):
            return self.form_invalid(form)
        second_factor.mark_passed(self.request, self.account)
        SignInLimits.accepted(self.request, self.account)
        return HttpResponseRedirect(self.get_success_url())


@method_decorator(never_cache, name="dispatch")
class SetUp(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """Show the QR code, and turn the second factor on by the app's first code."""

    template_name = "accounts/second_factor_setup.html"
    form_class = CodeForm
    next_page = settings.LOGIN_REDIRECT_URL

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = account_to_set_up(request)
        if user is None:
            return redirect("second-factor" if request.user.is_authenticated else "sign-in")
        device = second_factor.device_to_set_up(request.session, user)
        if device is None and not request.user.is_authenticated:
            request.session[NEXT] = self.get_redirect_url()
            return redirect("second-factor-mail")
        if device is None:
            device = second_factor.renew_device(user)
            second_factor.remember(request.session, device)
        self.account, self.device = user, device
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        secret = second_factor.secret_of(self.device)
        more = {"next": self.get_redirect_url(), "secret": secret}
        is_half = not self.request.user.is_authenticated
        return super().get_context_data(**kwargs) | more | {"is_required": is_half}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        codes = second_factor.set_up(self.account, self.device, form.cleaned_data["code"])
        if codes is None:
            form.add_error("code", WRONG_CODE)
            return self.form_invalid(form)
        second_factor.mark_passed(self.request, self.account)
        SignInLimits.accepted(self.request, self.account)
        self.request.user = self.account
        return show_codes(self.request, codes, onward=self.get_success_url())


def account_to_set_up(request: HttpRequest) -> User | None:
    """Return the account that may set up a second factor in this session; None otherwise."""
    user = half_signed_in(request) or (request.user if isinstance(request.user, User) else None)
    return user if user and not second_factor.is_set_up(user) else None


@never_cache
def mail_link(request: HttpRequest) -> HttpResponse:
    """Offer a link by e-mail to staff who have given their password and need a second factor."""
    user = half_signed_in(request)
    if user is None or second_factor.is_set_up(user):
        return redirect("sign-in")
    if request.method == "POST":
        try:
            is_sent = second_factor_links.request_link(user)
        except UNREACHABLE:
            text = gettext("E-mails cannot be sent right now. Try again in a few minutes.")
            messages.error(request, text)
            return render(request, "accounts/second_factor_link.html", status=503)
        context = {"is_sent": is_sent, "is_too_often": not is_sent}
        status = 200 if is_sent else 429
        return render(request, "accounts/second_factor_link.html", context, status=status)
    return render(request, "accounts/second_factor_link.html")


@never_cache
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Let this browser set up the app of a link; the password is asked for as well."""
    device = second_factor_links.opened(token)
    if device is None:
        context = {"is_invalid": True}
        return render(request, "accounts/second_factor_link.html", context, status=404)
    second_factor.remember(request.session, device)
    onward = urlencode({"next": request.session.pop(NEXT, "")})
    return redirect(f"{reverse('second-factor-setup')}?{onward}")


@never_cache
def qr_code(request: HttpRequest) -> HttpResponse:
    """Draw the secret of the app that is being set up; it is never sent anywhere else."""
    user = account_to_set_up(request)
    device = second_factor.device_to_set_up(request.session, user) if user else None
    if device is None:
        raise Http404
    image = segno.make(device.config_url, error="m", micro=False)
    drawn = BytesIO()
    image.save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


class OwnSecondFactor(FormView):  # type: ignore[type-arg]
    """Turn the second factor off or make new recovery codes; both need a code."""

    template_name = "accounts/second_factor.html"
    form_class = CodeForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self._user
        return super().get_context_data(**kwargs) | {
            "is_set_up": second_factor.is_set_up(user),
            "is_required": second_factor.is_required(user),
            "codes_left": second_factor.recovery_codes_left(user),
        }

    @property
    def _user(self) -> User:
        user = self.request.user
        if not isinstance(user, User):
            raise Http404
        return user

    def form_valid(self, form: CodeForm) -> HttpResponse:
        user = self._user
        turns_off = "turn-off" in self.request.POST and not second_factor.is_required(user)
        if not second_factor.is_set_up(user):
            return redirect("second-factor")
        if not checked(form, self.request, user):
            return self.form_invalid(form)
        if turns_off:
            second_factor.reset(user, by="its owner")  # not translated: for the log
            messages.success(self.request, gettext("The second factor is turned off."))
            return redirect("second-factor")
        codes = second_factor.new_recovery_codes(user)
        return show_codes(self.request, codes, onward=reverse("second-factor"))


def show_codes(request: HttpRequest, codes: list[str], *, onward: str) -> HttpResponse:
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "onward": onward})


own_second_factor = login_required(never_cache(OwnSecondFactor.as_view()))
