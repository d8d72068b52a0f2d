"""Settings of the product; docs/settings.md lists the environment variables they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from kpisite import environment, mail, secret_key, valkey

BASE_DIR = Path(__file__).resolve().parent.parent

# The provider's choices
KPI_DATA_DIR = environment.folder("KPI_DATA_DIR", BASE_DIR / "var")
KPI_TIME_ZONE = environment.time_zone("KPI_TIME_ZONE")
KPI_MIN_GROUP = environment.whole("KPI_MIN_GROUP", 10, least=1, most=1_000)
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

# How it is served
DEBUG = environment.switch("DEBUG")
PORT = environment.whole("PORT", 5000, least=1, most=65_535)
WEB_WORKERS = environment.whole("WEB_WORKERS", 2, least=1, most=64)
WEB_THREADS = environment.whole("WEB_THREADS", 8, least=1, most=256)
WORKER_CONCURRENCY = environment.whole("WORKER_CONCURRENCY", 2, least=1, most=64)
LOG_LEVEL = environment.one_of("LOG_LEVEL", "INFO", environment.LOG_LEVELS)
HTTPS = environment.switch("HTTPS")
BEHIND_PROXY = environment.switch("BEHIND_PROXY")
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")

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

SQLITE_OPTIONS = {
    # Deferred transactions fail with "database is locked" as soon as two of them write.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # 64 MB of pages at hand: with SQLite's own 2 MB, a month of a large course is read anew
    # for each figure.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
    "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
}
POSTGRES_OPTIONS = {"pool": {"min_size": 1, "max_size": WEB_THREADS + 2, "timeout": 10}}


def _database(given: dict[str, Any] | None) -> dict[str, Any]:
    config = given or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(KPI_DATA_DIR / "kpi.sqlite3"),
    }
    usual = SQLITE_OPTIONS if config["ENGINE"].endswith("sqlite3") else POSTGRES_OPTIONS
    return {**config, "OPTIONS": {**usual, **config.get("OPTIONS", {})}}


DATABASES = {"default": _database(GIVEN_DATABASE)}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY.next().for_django(),
        "KEY_PREFIX": "kpi",
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
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "kpis.live.door.LiveDoor",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
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
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en-gb"
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

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
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
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        # A 404 or a refused form is the visitor's business and would fill the log.
        "django.request": {"level": "ERROR"},
        "celery": {"level": PROGRAM_LOG_LEVEL},
        "gunicorn.error": {
            "handlers": ["stderr"],
            "level": PROGRAM_LOG_LEVEL,
            "propagate": False,
        },
    },
}
