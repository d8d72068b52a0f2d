"""What an LMS opens: the login, the launch, this site's keys, and what to register there."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import login as sign_in
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from lti import grants
from lti.accounts_of_members import MustConnect, connect
from lti.admission import admit
from lti.framing import FRAMED_BY, frame_in, is_framed
from lti.models import Member, Platform
from lti.protocol import login as lti_login
from lti.protocol import tool_keys
from lti.protocol.errors import LaunchRefused
from lti.protocol.id_token import verified

logger = logging.getLogger(__name__)

BACKEND = "accounts.sign_in.password_backend.PasswordBackend"
CONNECT_SALT = "lti.connect"
CONNECT_SECONDS = 15 * 60


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Send the browser to the LMS for a signed message; the LMS begins every launch here."""
    try:
        asked = request.POST if request.method == "POST" else request.GET
        platform, state, url = lti_login.begin(request, asked)
    except LaunchRefused as refusal:
        return refused(request, refusal)
    frame_in(request, platform.origins)
    response = HttpResponseRedirect(url)
    lti_login.set_cookie(response, state)
    return response


@csrf_exempt
@never_cache
@require_POST
def launch(request: HttpRequest) -> HttpResponse:
    """Sign in whom the LMS's message names, and show the page of their role."""
    try:
        state = lti_login.state_of(request.POST.get("state", ""))
        platform = _platform(state.platform)
        frame_in(request, platform.origins)
        if not lti_login.is_same_browser(request, state):
            return _in_a_window(request, platform, f"{reverse('lti:login')}?{state.again}")
        if request.POST.get("error"):
            raise LaunchRefused(
                gettext("%(lms)s did not open the page. Sign in there again, then reload.")
                % {"lms": platform},
                log=f"LMS {platform.pk}: {request.POST['error'][:50]}",  # not translated: a log
            )
        message = verified(platform, request.POST.get("id_token", ""), state.nonce)
        admitted = admit(platform, message, state.nonce)
    except LaunchRefused as refusal:
        return refused(request, refusal)
    except MustConnect as question:
        token = signing.dumps(question.member.pk, salt=CONNECT_SALT)
        return _in_a_window(request, platform, reverse("lti:connect", args=[token]), connects=True)
    begin_session(request, platform, admitted.account)
    response = HttpResponseRedirect(admitted.url)
    lti_login.delete_cookie(response, state)
    return response


def begin_session(request: HttpRequest, platform: Platform, account: User) -> None:
    # nothing of another account that was signed in here stays
    request.session.flush()
    sign_in(request, account, backend=BACKEND)
    if is_framed(request):
        request.session[FRAMED_BY] = platform.origins


def _platform(pk: int) -> Platform:
    found = Platform.objects.filter(pk=pk, is_active=True).first()
    if found is None:
        raise LaunchRefused(gettext("This LMS is no longer connected to this site."))
    return found


def _in_a_window(
    request: HttpRequest, platform: Platform, url: str, *, connects: bool = False
) -> HttpResponse:
    context = {"lms": platform, "url": url, "connects": connects}
    return render(request, "lti/window.html", context)


def refused(request: HttpRequest, refusal: LaunchRefused) -> HttpResponse:
    logger.warning("An LTI launch was refused: %s", refusal.log)
    context = {"reason": str(refusal)}
    return render(request, "lti/refused.html", context, status=refusal.status)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def connect_account(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the account that is signed in is that of the person in the LMS, and connect."""
    account: Any = request.user
    try:
        member = _member_to_connect(token, account)
    except LaunchRefused as refusal:
        return refused(request, refusal)
    if request.method == "GET":
        return render(request, "lti/connect.html", {"lms": member.platform})
    with transaction.atomic():
        connect(member, account)
        for one in member.participations.select_related("context"):
            grants.follow_roles(one.context, [member.pk])
    return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)


def _member_to_connect(token: str, account: User) -> Member:
    try:
        pk = signing.loads(token, salt=CONNECT_SALT, max_age=CONNECT_SECONDS)
    except signing.BadSignature as error:
        raise LaunchRefused(
            gettext("This link is no longer valid. Open the page from your course again.")
        ) from error
    member = Member.objects.select_related("platform", "learner").filter(pk=pk).first()
    if member is None or member.account_id not in (None, account.pk):
        raise LaunchRefused(gettext("This person of the LMS is connected with another account."))
    if account.is_staff:
        raise LaunchRefused(
            gettext("Staff accounts are not opened by an LMS. Sign in on this site itself.")
        )
    return member


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    return JsonResponse(tool_keys.public_keys())
