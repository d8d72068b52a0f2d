"""Choose the language of a page: the account's, else the browser's, else the site's."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]
# responses for programs are in English, whatever their Accept-Language
API_LANGUAGE = "en"


class BrowserLanguage:
    """Use the language of the cookie or else of Accept-Language; English for programs.

    It is the outermost middleware, so that error pages are in the visitor's language, too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        requested = translation.get_language_from_request(request)
        request.LANGUAGE_CODE = API_LANGUAGE if is_for_programs(request) else requested
        with translation.override(request.LANGUAGE_CODE):
            response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


class AccountLanguage:
    """Use the language that the signed-in account has chosen, if any."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = "" if is_for_programs(request) else _language_of(request)
        if not chosen:
            return self.get_response(request)
        request.LANGUAGE_CODE = chosen
        with translation.override(chosen):
            return self.get_response(request)


def is_for_programs(request: HttpRequest) -> bool:
    """True for the API and the health check; the API reference is a page like any other."""
    path = request.path_info
    return path == "/health" or (path.startswith("/api/") and path.rstrip("/") != "/api/docs")


def _language_of(request: HttpRequest) -> str:
    user = request.user
    chosen = user.language if isinstance(user, User) else ""
    return chosen if chosen in dict(settings.LANGUAGES) else ""


# Survey pages send no origin, so a CSRF token would be rejected. Another site cannot change an
# account through this view, because the session cookie is not sent along (SameSite=Lax).
@csrf_exempt
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Store the language for this browser and the signed-in account, and return to the page."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    response: HttpResponse = set_language(request)
    return response
