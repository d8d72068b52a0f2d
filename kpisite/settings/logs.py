"""Which log lines go where."""

from __future__ import annotations

from kpisite.settings.options import LOG_LEVEL

# The programs' own news (a task received, a worker booted) is for who looks for a fault.
PROGRAM_LOG_LEVEL = LOG_LEVEL if LOG_LEVEL == "DEBUG" else "WARNING"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "kpisite.config.logs.KeyValueFormatter"}},
    "filters": {"visitor's fault": {"()": "kpisite.config.logs.VisitorsFault"}},
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
