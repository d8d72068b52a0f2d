"""Pages of single sign-on: to the provider, back from it, and out of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.sign_in import provider_accounts, second_factor, single_sign_on
from accounts.sign_in.single_sign_on import ProviderUnavailableError, SignInError

BACKEND = "accounts.sign_in.password_backend.PasswordBackend"
NEXT, SIGN_OUT_URL = "single_sign_on_next", "single_sign_on_sign_out"


@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Send the visitor to the provider. A link, since CSP forbids forms that end elsewhere."""
    if not single_sign_on.is_on():
        raise Http404
    request.session[NEXT] = safe_next(request, request.GET.get("next", ""))
    try:
        return single_sign_on.begin(request, request.build_absolute_uri(reverse("sso-callback")))
    except SignInError as error:
        return rejected(request, error)


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Sign in the account of whom the provider sends back, or say why not."""
    if not single_sign_on.is_on():
        raise Http404
    try:
        signed_out = request.build_absolute_uri(reverse("sign-in"))
        identity = single_sign_on.finish(request, signed_out_uri=signed_out)
        account = provider_accounts.account_of(identity)
    except SignInError as error:
        return rejected(request, error)
    onward = request.session.get(NEXT) or settings.LOGIN_REDIRECT_URL
    # nothing of another account that was signed in here stays
    request.session.flush()
    if settings.KPI_OIDC_SECOND_FACTOR:
        second_factor.mark_passed_at_provider(request)
    login(request, account, backend=BACKEND)
    request.session[SIGN_OUT_URL] = identity.sign_out_url
    return HttpResponseRedirect(onward)


def safe_next(request: HttpRequest, url: str) -> str:
    is_ours = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if is_ours else ""


def rejected(request: HttpRequest, error: SignInError) -> HttpResponse:
    status = 503 if isinstance(error, ProviderUnavailableError) else 403
    return render(request, "accounts/sso_rejected.html", {"reason": str(error)}, status=status)


class SignOut(LogoutView):
    """Sign out here; after single sign-on, offer to sign out of the provider as well."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        url = request.session.get(SIGN_OUT_URL)
        response = super().post(request, *args, **kwargs)
        if not url:
            return response
        request.session[SIGN_OUT_URL] = url
        return redirect("signed-out")


@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    url = request.session.get(SIGN_OUT_URL)
    if request.user.is_authenticated or not url:
        return redirect("sign-in")
    return render(request, "accounts/signed_out.html", {"url": url})
