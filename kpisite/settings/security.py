"""The secret key, sign-in and its limits, sessions, cookies, HTTPS and the content policy."""

from __future__ import annotations

from datetime import timedelta

from csp.constants import NONE, SELF

from kpisite.config import environment, secret_key
from kpisite.settings.options import (
    ALLOWED_HOSTS,
    BEHIND_PROXY,
    BIND,
    CSRF_TRUSTED_ORIGINS,
    DEBUG,
    HSTS,
    HTTPS,
    KPI_DATA_DIR,
    KPI_SESSION_DAYS,
    KPI_SESSION_IDLE_HOURS,
    KPI_SIGN_IN_TRIES,
    KPI_SIGN_IN_WAIT_MINUTES,
    KPI_STAFF_SESSION_DAYS,
    KPI_STAFF_SESSION_IDLE_HOURS,
)
from kpisite.settings.storage import IS_EMBEDDED

SECRET_KEY = environment.secret(
    "SECRET_KEY", required=not IS_EMBEDDED and not DEBUG
) or secret_key.load_or_create(KPI_DATA_DIR)

SECRET_KEY_FALLBACKS = environment.secrets("SECRET_KEY_FALLBACKS")

# reachable from this machine only, so that the demonstration may use published passwords
IS_LOCAL = (
    IS_EMBEDDED
    and not (HTTPS or BEHIND_PROXY or CSRF_TRUSTED_ORIGINS)
    and all(map(environment.is_this_machine, [BIND, *ALLOWED_HOSTS]))
)
KPI_DEMO = environment.switch("KPI_DEMO", default=IS_LOCAL)

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    # first, so that no password is checked after too many attempts
    "axes.backends.AxesStandaloneBackend",
    "accounts.sign_in.password_backend.PasswordBackend",
    "accounts.sign_in.second_factor_backend.SecondFactorBackend",
]
# the name that authenticator apps show
OTP_TOTP_ISSUER = "Learning KPIs"
# a link to set a password is valid for one day
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

AXES_HANDLER = "accounts.sign_in.sign_in_limits.SignInLimits"
AXES_FAILURE_LIMIT = KPI_SIGN_IN_TRIES
AXES_COOLOFF_TIME = timedelta(minutes=KPI_SIGN_IN_WAIT_MINUTES)
# otherwise, someone who keeps trying would keep the owner locked out, too
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = "accounts.sign_in.sign_in_limits.lockout_keys"
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "accounts.sign_in.sign_in_limits.attempted_account"
AXES_CLIENT_IP_CALLABLE = "accounts.sign_in.sign_in_limits.address_of"
AXES_LOCKOUT_CALLABLE = "accounts.sign_in.sign_in_limits.lockout_response"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "token"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# browsers accept cookies with this prefix only from this very host
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
ACTIVE_COOKIE_NAME = f"{COOKIE_PREFIX}active"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}known-device"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
# the maximum duration in total, and without activity
SESSION = (timedelta(days=KPI_SESSION_DAYS), timedelta(hours=KPI_SESSION_IDLE_HOURS))
STAFF_SESSION = (
    timedelta(days=KPI_STAFF_SESSION_DAYS),
    timedelta(hours=KPI_STAFF_SESSION_IDLE_HOURS),
)
SESSION_COOKIE_AGE = 24 * 3600 * max(KPI_SESSION_DAYS, KPI_STAFF_SESSION_DAYS)
SESSION_ENGINE = "accounts.models.sessions"
# messages may contain secrets such as a new API key, which cookies would expose
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health(/web)?$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS != "HOST"
SECURE_HSTS_PRELOAD = HSTS == "PRELOAD"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
