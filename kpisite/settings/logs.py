"""Log levels and handlers."""

from __future__ import annotations

from kpisite.settings.options import KPI_LOG_FORMAT, LOG_LEVEL

# messages of Celery and gunicorn, such as a received task, are only useful for debugging
PROGRAM_LOG_LEVEL = LOG_LEVEL if LOG_LEVEL == "DEBUG" else "WARNING"
FORMATTER = "JsonFormatter" if KPI_LOG_FORMAT == "JSON" else "KeyValueFormatter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"kpisite.config.logs.{FORMATTER}"}},
    "filters": {"client error": {"()": "kpisite.config.logs.ClientErrorFilter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "brief": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["client error"],
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        # a 404 or an invalid form is the visitor's mistake and would fill the log
        "django.request": {"level": "ERROR"},
        # mistakes such as a forged Host header: one line without a traceback
        "django.security": {"handlers": ["brief"], "level": LOG_LEVEL, "propagate": False},
        # our own handler logs each failed sign-in in one line
        "axes": {"level": "ERROR"},
        "celery": {"level": PROGRAM_LOG_LEVEL},
        "gunicorn.error": {
            "handlers": ["stderr"],
            "level": PROGRAM_LOG_LEVEL,
            "propagate": False,
        },
    },
}
