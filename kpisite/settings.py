"""Settings of the product; docs/settings.md lists the environment variables they come from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from kpisite import environment, mail, secret_key, valkey

BASE_DIR = Path(__file__).resolve().parent.parent

# The provider's choices
KPI_DATA_DIR = environment.folder("KPI_DATA_DIR", BASE_DIR / "var")
KPI_TIME_ZONE = environment.time_zone("KPI_TIME_ZONE")
# each named in itself, as its readers look for it
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
KPI_LANGUAGE = environment.language("KPI_LANGUAGE", "en", [code for code, _ in LANGUAGES])
KPI_MIN_GROUP = environment.whole("KPI_MIN_GROUP", 10, least=1, most=1_000)
# whether an open figure stands still until so many learners have changed it
KPI_HOLD_OPEN_FIGURES = environment.switch("KPI_HOLD_OPEN_FIGURES", default=False)
KPI_CURRENCIES = environment.currencies("KPI_CURRENCIES", "USD")
KPI_SIGN_UP_URL = environment.address("KPI_SIGN_UP_URL")
KPI_CLOSE_LAG_HOURS = environment.whole("KPI_CLOSE_LAG_HOURS", 72, least=0, most=24 * 90)
KPI_STALE_DAYS = environment.whole("KPI_STALE_DAYS", 7, least=1, most=3_650)
KPI_MAX_BATCH = environment.whole("KPI_MAX_BATCH", 5_000, least=1, most=10_000)
KPI_MAX_BODY_MB = environment.whole("KPI_MAX_BODY_MB", 10, least=1, most=1_000)
KPI_ENROLLMENT_TOLERANCE_MINUTES = environment.whole(
    "KPI_ENROLLMENT_TOLERANCE_MINUTES", 5, least=0, most=60 * 24
)
KPI_FUTURE_TOLERANCE_MINUTES = environment.whole(
    "KPI_FUTURE_TOLERANCE_MINUTES", 60, least=0, most=60 * 24 * 7
)

# How long it keeps what would grow without end, in days
KPI_KEEP_RESTATEMENTS_DAYS = environment.whole(
    "KPI_KEEP_RESTATEMENTS_DAYS", 730, least=1, most=36_500
)
KPI_KEEP_RUNS_DAYS = environment.whole("KPI_KEEP_RUNS_DAYS", 90, least=1, most=36_500)
# the list in the product shows 30 days
KPI_KEEP_NOTICES_DAYS = environment.whole("KPI_KEEP_NOTICES_DAYS", 180, least=30, most=36_500)
# tried again for a week
KPI_KEEP_REJECTED_DAYS = environment.whole("KPI_KEEP_REJECTED_DAYS", 180, least=7, most=36_500)

# How it is served
DEBUG = environment.switch("DEBUG")
BIND = environment.text("BIND", "127.0.0.1")
PORT = environment.whole("PORT", 5000, least=1, most=65_535)
WEB_WORKERS = environment.whole("WEB_WORKERS", 2, least=1, most=64)
WEB_THREADS = environment.whole("WEB_THREADS", 8, least=1, most=256)
WORKER_CONCURRENCY = environment.whole("WORKER_CONCURRENCY", 2, least=1, most=64)
LOG_LEVEL = environment.one_of("LOG_LEVEL", "INFO", environment.LOG_LEVELS)
HTTPS = environment.switch("HTTPS")
HSTS = environment.one_of("HSTS", "HOST", ("HOST", "SUBDOMAINS", "PRELOAD"))
BEHIND_PROXY = environment.switch("BEHIND_PROXY")
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")

# How people sign in
KPI_SIGN_IN_TRIES = environment.whole("KPI_SIGN_IN_TRIES", 10, least=3, most=100)
KPI_SIGN_IN_WAIT_MINUTES = environment.whole("KPI_SIGN_IN_WAIT_MINUTES", 15, least=1, most=1_440)
KPI_SESSION_DAYS = environment.whole("KPI_SESSION_DAYS", 14, least=1, most=90)
KPI_SESSION_IDLE_HOURS = environment.whole("KPI_SESSION_IDLE_HOURS", 72, least=1, most=24 * 90)
KPI_STAFF_SESSION_DAYS = environment.whole("KPI_STAFF_SESSION_DAYS", 3, least=1, most=90)
KPI_STAFF_SESSION_IDLE_HOURS = environment.whole(
    "KPI_STAFF_SESSION_IDLE_HOURS", 8, least=1, most=24 * 90
)

# How it writes to learners
KPI_BASE_URL = mail.base_url(PORT)
DEFAULT_FROM_EMAIL = mail.sender()
globals().update(mail.transport())
KPI_WEBHOOK_ALLOWED = environment.exceptions("KPI_WEBHOOK_ALLOWED")

# Where it keeps things
GIVEN_DATABASE = environment.database("DATABASE_URL")
IS_EMBEDDED = GIVEN_DATABASE is None
VALKEY = valkey.address("REDIS_URL", KPI_DATA_DIR)
SECRET_KEY = environment.secret(
    "SECRET_KEY", needed=not IS_EMBEDDED and not DEBUG
) or secret_key.kept_in(KPI_DATA_DIR)

SECRET_KEY_FALLBACKS = environment.secrets("SECRET_KEY_FALLBACKS")

# Nobody reaches it but from this machine: the demonstration may have passwords that all know.
IS_LOCAL = (
    IS_EMBEDDED
    and not (HTTPS or BEHIND_PROXY or CSRF_TRUSTED_ORIGINS)
    and all(map(environment.is_this_machine, [BIND, *ALLOWED_HOSTS]))
)
KPI_DEMO = environment.switch("KPI_DEMO", default=IS_LOCAL)

# FULL: what was acknowledged is still there after a power cut
SQLITE_SYNCHRONOUS = environment.one_of("SQLITE_SYNCHRONOUS", "FULL", ("FULL", "NORMAL"))
SQLITE_OPTIONS = {
    # Deferred transactions fail with "database is locked" as soon as two of them write.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # 64 MB of pages at hand: with SQLite's own 2 MB, a month of a large course is read anew
    # for each figure.
    "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS}; "
    "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
}
POSTGRES_OPTIONS = {
    "connect_timeout": 5,
    "pool": {
        "min_size": 1,
        "max_size": WEB_THREADS + 2,
        # there is a connection for each thread: who waits longer waits for a database that is away
        "timeout": 2,
        # With psycopg's five minutes, the pauses between its attempts grow to more than one:
        # so long nobody would be served though the database is back.
        "reconnect_timeout": 5,
    },
}


def with_our_options(given: dict[str, Any] | None) -> dict[str, Any]:
    config = given or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(KPI_DATA_DIR / "kpi.sqlite3"),
    }
    usual = SQLITE_OPTIONS if config["ENGINE"].endswith("sqlite3") else POSTGRES_OPTIONS
    options = {**usual, **config.get("OPTIONS", {})}
    # a connection of the pool that a restart of the database has cut is replaced before it is used
    return {**config, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": with_our_options(GIVEN_DATABASE)}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY.next().for_django(),
        "KEY_PREFIX": "kpi",
        # a Valkey that hangs is one that is away
        "OPTIONS": {"socket_timeout": 5},
    }
}

INSTALLED_APPS = [
    "kpisite.apps.KpisiteConfig",
    "engagement.apps.EngagementConfig",
    "outcomes.apps.OutcomesConfig",
    "business.apps.BusinessConfig",
    "improvement.apps.ImprovementConfig",
    "kpis.apps.KpisConfig",
    "intake.apps.IntakeConfig",
    "curriculum.apps.CurriculumConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "kpisite.languages.BrowsersLanguage",
    "kpisite.middleware.OwnHost",
    "kpisite.head.HeadWithoutBody",
    "kpisite.outage.AnswerOutages",
    "django.middleware.security.SecurityMiddleware",
    "kpis.live.door.LiveDoor",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "kpisite.middleware.PrivateAnswers",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "curriculum.sessions.AuthenticationThatEnds",
    "kpisite.languages.AccountsLanguage",
    "kpisite.middleware.LogsRefusals",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "curriculum.sign_in_limits.KnownDevice",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "curriculum.context_processors.reader",
                "kpisite.context_processors.demonstration",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# SQLite cannot defer "one module per position", which reordering needs; PostgreSQL keeps it.
SILENCED_SYSTEM_CHECKS = ["models.W038"]

ROOT_URLCONF = "kpisite.urls"
WSGI_APPLICATION = "kpisite.wsgi.application"
# Both /api/kpi/x and /api/kpi/x/ answer themselves; a redirect would lose a POST's body.
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = KPI_MAX_BODY_MB * 1024 * 1024

AUTH_USER_MODEL = "curriculum.User"
AUTHENTICATION_BACKENDS = [
    # first, so that no password is hashed for somebody who tried too often
    "axes.backends.AxesStandaloneBackend",
    "curriculum.sign_in_limits.PasswordBackend",
]
# A mailed or printed link by which to set a password is good for a day.
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

AXES_HANDLER = "curriculum.sign_in_limits.SignInLimits"
AXES_FAILURE_LIMIT = KPI_SIGN_IN_TRIES
AXES_COOLOFF_TIME = timedelta(minutes=KPI_SIGN_IN_WAIT_MINUTES)
# Else whoever goes on trying would keep the door shut for the owner too.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = "curriculum.sign_in_limits.counts_of"
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "curriculum.sign_in_limits.counted_as"
AXES_CLIENT_IP_CALLABLE = "curriculum.sign_in_limits.address_of"
AXES_LOCKOUT_CALLABLE = "curriculum.sign_in_limits.as_refused"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

LANGUAGE_CODE = KPI_LANGUAGE
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "kpisite.formats"
TIME_ZONE = KPI_TIME_ZONE
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = KPI_DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# A browser takes a cookie of this name from nobody but this very host.
OWN_HOST = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{OWN_HOST}sessionid"
CSRF_COOKIE_NAME = f"{OWN_HOST}csrftoken"
ACTIVE_COOKIE_NAME = f"{OWN_HOST}active"
DEVICE_COOKIE_NAME = f"{OWN_HOST}known-device"
LANGUAGE_COOKIE_NAME = f"{OWN_HOST}language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
# The longest, and the longest without a page being asked for.
SESSION = (timedelta(days=KPI_SESSION_DAYS), timedelta(hours=KPI_SESSION_IDLE_HOURS))
STAFF_SESSION = (
    timedelta(days=KPI_STAFF_SESSION_DAYS),
    timedelta(hours=KPI_STAFF_SESSION_IDLE_HOURS),
)
SESSION_COOKIE_AGE = 24 * 3600 * max(KPI_SESSION_DAYS, KPI_STAFF_SESSION_DAYS)
# In a cookie, a message such as a new key's secret would be readable.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$"]
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

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "curriculum.access.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "kpis.problems.problem_handler",
    # ?format=csv is a parameter of the KPI routes, not a choice of DRF's renderers.
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Learning KPIs",
    "DESCRIPTION": "Events in; engagement, outcome and business KPIs out.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {"AnswerStatusEnum": "kpis.shapes.STATUSES"},
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# The programs' own news (a task received, a worker booted) is for who looks for a fault.
PROGRAM_LOG_LEVEL = LOG_LEVEL if LOG_LEVEL == "DEBUG" else "WARNING"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "kpisite.logs.KeyValueFormatter"}},
    "filters": {"visitor's fault": {"()": "kpisite.logs.VisitorsFault"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "brief": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["visitor's fault"],
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        # A 404 or a refused form is the visitor's business and would fill the log.
        "django.request": {"level": "ERROR"},
        # A forged Host and its like: one line, without a traceback through our code.
        "django.security": {"handlers": ["brief"], "level": LOG_LEVEL, "propagate": False},
        # Ours says each failed sign-in in one line.
        "axes": {"level": "ERROR"},
        "celery": {"level": PROGRAM_LOG_LEVEL},
        "gunicorn.error": {
            "handlers": ["stderr"],
            "level": PROGRAM_LOG_LEVEL,
            "propagate": False,
        },
    },
}
