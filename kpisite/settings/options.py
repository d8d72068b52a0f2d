"""The choices of each deployment, one environment variable each."""

from __future__ import annotations

from pathlib import Path

from kpisite.config import environment, mail

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# The provider's choices
KPI_DATA_DIR = environment.folder("KPI_DATA_DIR", BASE_DIR / "var")
KPI_TIME_ZONE = environment.time_zone("KPI_TIME_ZONE")
# each named in its own language, so that its readers find it
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
KPI_LANGUAGE = environment.language("KPI_LANGUAGE", "en", [code for code, _ in LANGUAGES])
KPI_MIN_GROUP = environment.integer("KPI_MIN_GROUP", 10, minimum=1, maximum=1_000)
# whether an open figure stays as it is until KPI_MIN_GROUP learners have changed it
KPI_HOLD_OPEN_FIGURES = environment.switch("KPI_HOLD_OPEN_FIGURES", default=False)
KPI_CURRENCIES = environment.currencies("KPI_CURRENCIES", "USD")
KPI_SIGN_UP_URL = environment.page_url("KPI_SIGN_UP_URL")
KPI_CLOSE_LAG_HOURS = environment.integer("KPI_CLOSE_LAG_HOURS", 72, minimum=0, maximum=24 * 90)
KPI_STALE_DAYS = environment.integer("KPI_STALE_DAYS", 7, minimum=1, maximum=3_650)
KPI_MAX_BATCH = environment.integer("KPI_MAX_BATCH", 5_000, minimum=1, maximum=10_000)
KPI_MAX_BODY_MB = environment.integer("KPI_MAX_BODY_MB", 10, minimum=1, maximum=1_000)
KPI_CALIPER_VERSIONS = environment.some_of("KPI_CALIPER_VERSIONS", "1.2", ("1.1", "1.2"))
# per API key; 0: no limit
KPI_API_REQUESTS_PER_MINUTE = environment.integer(
    "KPI_API_REQUESTS_PER_MINUTE", 1_800, minimum=0, maximum=1_000_000
)
KPI_API_BATCHES_PER_MINUTE = environment.integer(
    "KPI_API_BATCHES_PER_MINUTE", 6_000, minimum=0, maximum=1_000_000
)
KPI_ENROLLMENT_TOLERANCE_MINUTES = environment.integer(
    "KPI_ENROLLMENT_TOLERANCE_MINUTES", 5, minimum=0, maximum=60 * 24
)
KPI_FUTURE_TOLERANCE_MINUTES = environment.integer(
    "KPI_FUTURE_TOLERANCE_MINUTES", 60, minimum=0, maximum=60 * 24 * 7
)

# Retention in days
KPI_KEEP_RESTATEMENTS_DAYS = environment.integer(
    "KPI_KEEP_RESTATEMENTS_DAYS", 730, minimum=1, maximum=36_500
)
KPI_KEEP_RUNS_DAYS = environment.integer("KPI_KEEP_RUNS_DAYS", 90, minimum=1, maximum=36_500)
# the list of notifications in the product shows 30 days
KPI_KEEP_NOTICES_DAYS = environment.integer(
    "KPI_KEEP_NOTICES_DAYS", 180, minimum=30, maximum=36_500
)
# 0: for ever
KPI_KEEP_EVENTS_DAYS = environment.integer("KPI_KEEP_EVENTS_DAYS", 0, minimum=0, maximum=36_500)
# rejected events are retried for a week
KPI_KEEP_REJECTED_DAYS = environment.integer(
    "KPI_KEEP_REJECTED_DAYS", 180, minimum=7, maximum=36_500
)
# xAPI statements and documents; 0: for ever
KPI_KEEP_STATEMENTS_DAYS = environment.integer(
    "KPI_KEEP_STATEMENTS_DAYS", 0, minimum=0, maximum=36_500
)
# what learners wrote in answers, with its quotations; 0: for ever
KPI_KEEP_COMMENTS_DAYS = environment.integer("KPI_KEEP_COMMENTS_DAYS", 0, minimum=0, maximum=36_500)
# who saw or exported data of people
KPI_KEEP_AUDIT_DAYS = environment.integer("KPI_KEEP_AUDIT_DAYS", 730, minimum=30, maximum=36_500)
# what staff changed in the admin
KPI_KEEP_HISTORY_DAYS = environment.integer(
    "KPI_KEEP_HISTORY_DAYS", 1_095, minimum=30, maximum=36_500
)
# what became of the rows of imported files
KPI_KEEP_REPORTS_DAYS = environment.integer("KPI_KEEP_REPORTS_DAYS", 365, minimum=7, maximum=36_500)
# which exported rows changed; without a pull for as long, none is noted
KPI_KEEP_EXPORT_CHANGES_DAYS = environment.integer(
    "KPI_KEEP_EXPORT_CHANGES_DAYS", 30, minimum=2, maximum=365
)
# in which a learner who asks to be erased may think better of it
KPI_ERASURE_WAIT_DAYS = environment.integer("KPI_ERASURE_WAIT_DAYS", 7, minimum=0, maximum=30)

# which sites may show embedded KPIs and dashboards in a frame; none without any
KPI_EMBED_ORIGINS = environment.origins("KPI_EMBED_ORIGINS")

# The servers
DEBUG = environment.switch("DEBUG")
BIND = environment.text("BIND", "127.0.0.1")
PORT = environment.integer("PORT", 5000, minimum=1, maximum=65_535)
WEB_WORKERS = environment.integer("WEB_WORKERS", 2, minimum=1, maximum=64)
WEB_THREADS = environment.integer("WEB_THREADS", 8, minimum=1, maximum=256)
WORKER_CONCURRENCY = environment.integer("WORKER_CONCURRENCY", 2, minimum=1, maximum=64)
LOG_LEVEL = environment.one_of("LOG_LEVEL", "INFO", environment.LOG_LEVELS)
KPI_LOG_FORMAT = environment.one_of("KPI_LOG_FORMAT", "TEXT", ("TEXT", "JSON"))
# one line per request; with addresses, which are personal data, only if that is chosen
KPI_ACCESS_LOG = environment.one_of("KPI_ACCESS_LOG", "OFF", ("OFF", "ON", "ADDRESSES"))
# who may read /metrics; without it, there is none
KPI_METRICS_TOKEN = environment.token("KPI_METRICS_TOKEN")
KPI_SENTRY_DSN = environment.page_url("KPI_SENTRY_DSN")
# hours after which the doctor misses a backup; 0: something else makes them
KPI_BACKUP_HOURS = environment.integer("KPI_BACKUP_HOURS", 48, minimum=0, maximum=24 * 90)
HTTPS = environment.switch("HTTPS")
HSTS = environment.one_of("HSTS", "HOST", ("HOST", "SUBDOMAINS", "PRELOAD"))
BEHIND_PROXY = environment.switch("BEHIND_PROXY")
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
# whose pages may call /xapi/ from a browser
KPI_XAPI_ORIGINS = environment.origins("KPI_XAPI_ORIGINS")

# Sign-in
KPI_SIGN_IN_TRIES = environment.integer("KPI_SIGN_IN_TRIES", 10, minimum=3, maximum=100)
KPI_SIGN_IN_WAIT_MINUTES = environment.integer(
    "KPI_SIGN_IN_WAIT_MINUTES", 15, minimum=1, maximum=1_440
)
KPI_SESSION_DAYS = environment.integer("KPI_SESSION_DAYS", 14, minimum=1, maximum=90)
KPI_SESSION_IDLE_HOURS = environment.integer(
    "KPI_SESSION_IDLE_HOURS", 72, minimum=1, maximum=24 * 90
)
KPI_STAFF_SESSION_DAYS = environment.integer("KPI_STAFF_SESSION_DAYS", 3, minimum=1, maximum=90)
KPI_STAFF_SESSION_IDLE_HOURS = environment.integer(
    "KPI_STAFF_SESSION_IDLE_HOURS", 8, minimum=1, maximum=24 * 90
)
KPI_STAFF_SECOND_FACTOR = environment.one_of(
    "KPI_STAFF_SECOND_FACTOR", "OPTIONAL", ("OPTIONAL", "REQUIRED")
)
KPI_INVITATION_DAYS = environment.integer("KPI_INVITATION_DAYS", 7, minimum=1, maximum=90)

# E-mail and webhooks
KPI_BASE_URL = mail.base_url(PORT)
DEFAULT_FROM_EMAIL = mail.sender()
globals().update(mail.transport())
KPI_WEBHOOK_ALLOWED = environment.hosts_and_networks("KPI_WEBHOOK_ALLOWED")
