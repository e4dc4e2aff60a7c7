"""The Celery application: started as `celery -A config.celery worker`."""

import os

from celery import Celery
from celery.signals import worker_init
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# By its path: the transport is loaded when a connection is made, not with the settings.
TRANSPORT_ALIASES["spool"] = "core.spool:Transport"


@worker_init.connect
def _warn_of_open_files(**signal: object) -> None:
    from core import privacy  # the settings come first

    privacy.warn()


app = Celery("jinshao")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# For every thread: without it `shared_task.delay()` in a web thread would speak to Celery's own default broker.
app.set_default()
