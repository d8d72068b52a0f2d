from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpisite.settings")

application = get_wsgi_application()

from kpisite import time_zone  # noqa: E402  (its models are there only now)

time_zone.refuse_another()
# Loaded before gunicorn forks, so that no worker's first visitor waits for it.
_ = get_resolver().url_patterns
