"""What is chosen where it is deployed: each option is an environment variable."""

from __future__ import annotations

from pathlib import Path

from kpisite.config import environment, mail

BASE_DIR = Path(__file__).resolve().parent.parent.parent

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
