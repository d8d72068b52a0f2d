"""Which language a page is in: the account's, else the browser's, else the site's."""

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

Answers = Callable[[HttpRequest], HttpResponse]
# what programs read is in English, whatever their Accept-Language says
OF_PROGRAMS = "en"


class BrowsersLanguage:
    """Speaks what the cookie, else Accept-Language asks for; English to programs.

    It comes first, so that pages about failures further in are in the reader's language too.
    """

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = translation.get_language_from_request(request)
        request.LANGUAGE_CODE = OF_PROGRAMS if is_for_programs(request) else asked
        with translation.override(request.LANGUAGE_CODE):
            response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


class AccountsLanguage:
    """Speaks the language that the account signed in has chosen, if it has."""

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = "" if is_for_programs(request) else _chosen_by(request)
        if not chosen:
            return self.get_response(request)
        request.LANGUAGE_CODE = chosen
        with translation.override(chosen):
            return self.get_response(request)


def is_for_programs(request: HttpRequest) -> bool:
    """True of the API, whose reference is a page like others, and of the answer about health."""
    path = request.path_info.rstrip("/") + "/"
    return path == "/health/" or (path.startswith("/api/") and path != "/api/docs/")


def _chosen_by(request: HttpRequest) -> str:
    user = request.user
    chosen = user.language if isinstance(user, User) else ""
    return chosen if chosen in dict(settings.LANGUAGES) else ""


# Without the token, for the pages of surveys send no origin: it would be refused. Another site can
# change no account by it, since it gets no session cookie along (SameSite=Lax).
@csrf_exempt
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language for this browser and the account signed in, and go back to the page."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    response: HttpResponse = set_language(request)
    return response
