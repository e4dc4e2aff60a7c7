"""The Celery application: started as `celery -A config.celery worker`."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# By its path: the transport is loaded when a connection is made, not with the settings.
TRANSPORT_ALIASES["spool"] = "journal.spool:Transport"

app = Celery("jinshao")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# For every thread: without it `shared_task.delay()` in a web thread would speak to Celery's own default broker.
app.set_default()
