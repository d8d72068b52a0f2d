"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")

application = get_wsgi_application()

from kpisite import time_zone  # noqa: E402  (needs the models, which are loaded now)

time_zone.exit_if_changed()
# load all views before gunicorn forks, so that no first visitor has to wait for it
_ = get_resolver().url_patterns
