"""Django's apps, middleware, templates, URLs and language."""

from __future__ import annotations

from kpisite.settings.options import BASE_DIR, KPI_LANGUAGE, KPI_MAX_BODY_MB, KPI_TIME_ZONE

# from the lowest layer up: after migrating, apps fill their tables from those of earlier apps
INSTALLED_APPS = [
    "kpisite.apps.KpisiteConfig",
    "core.apps.CoreConfig",
    # before accounts, which takes their pages out of the admin: they show secrets
    "django_otp",
    "kpisite.apps.SecondFactorConfig",
    "kpisite.apps.RecoveryCodesConfig",
    "accounts.apps.AccountsConfig",
    "curriculum.apps.CurriculumConfig",
    "intake.apps.IntakeConfig",
    "statements.apps.StatementsConfig",
    "xapi.apps.XapiConfig",
    "kpis.apps.KpisConfig",
    "engagement.apps.EngagementConfig",
    "outcomes.apps.OutcomesConfig",
    "business.apps.BusinessConfig",
    "presentation.apps.PresentationConfig",
    "alerts.apps.AlertsConfig",
    "insights.apps.InsightsConfig",
    "notifications.apps.NotificationsConfig",
    "improvement.apps.ImprovementConfig",
    "experiments.apps.ExperimentsConfig",
    "support.apps.SupportConfig",
    "exports.apps.ExportsConfig",
    "dashboard.apps.DashboardConfig",
    "curriculum_pages.apps.CurriculumPagesConfig",
    "learners.apps.LearnersConfig",
    "lti.apps.LtiConfig",
    "navigation.apps.NavigationConfig",
    "demo.apps.DemoConfig",
    "first_steps.apps.FirstStepsConfig",
    "kpisite.apps.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "kpisite.http.request_ids.RequestIds",
    "kpisite.http.access_log.AccessLog",
    "kpisite.metrics.requests.CountRequests",
    "kpisite.http.languages.BrowserLanguage",
    "kpisite.http.middleware.AllowedHosts",
    "kpisite.http.head_requests.HeadWithoutBody",
    "kpisite.http.outage_responses.RespondToOutages",
    "django.middleware.security.SecurityMiddleware",
    "dashboard.live.middleware.LiveUpdates",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "kpisite.http.replica.ReadFromReplica",
    "kpisite.http.response_cache.ResponseCache",
    "kpisite.http.compression.CompressResponses",
    "lti.framing.LmsFrames",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kpisite.http.middleware.PrivateCaching",
    "kpisite.http.back_forward_cache.BackForwardCache",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.sign_in.sessions.ExpiringAuthenticationMiddleware",
    "kpisite.http.languages.AccountLanguage",
    "kpisite.http.middleware.LogForbidden",
    "kpisite.http.audited_admin.AuditedAdmin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.sign_in.known_devices.KnownDeviceMiddleware",
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
                "accounts.context_processors.reader",
                "demo.context_processors.demonstration",
                "first_steps.context_processors.first_steps",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# reordering modules defers the constraint on positions, which SQLite does not support
SILENCED_SYSTEM_CHECKS = ["models.W038"]

ROOT_URLCONF = "kpisite.urls"
WSGI_APPLICATION = "kpisite.wsgi.application"
# both /api/kpi/x and /api/kpi/x/ respond directly: a redirect would lose the body of a POST
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = KPI_MAX_BODY_MB * 1024 * 1024

LANGUAGE_CODE = KPI_LANGUAGE
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "kpisite.formats"
TIME_ZONE = KPI_TIME_ZONE
USE_I18N = True
USE_TZ = True
