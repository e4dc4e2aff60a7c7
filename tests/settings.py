"""The deployment's settings as the tests need them: quick passwords, plain static files, and the testing flag."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS, IS_SQLITE, JINSHAO_HOME

# Lets journal's `flush` drop and remake the append-only triggers between tests.
JINSHAO_TESTING = True
SECRET_KEY = "only for tests"
IDENTITY_KEY = "only for tests"
STATIC_ROOT = JINSHAO_HOME / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "whitenoise.runserver_nostatic"]
AXES_ENABLED = False
# The test run asks thousands of times a minute; the tests of the limits set their own.
RATES: dict[str, int] = {}
# Wake-ups run in the caller's thread: what a test sees does not depend on a worker.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
if IS_SQLITE:
    # A file, so that the embedded subset meets real WAL and real locks.
    DATABASES["default"]["TEST"] = {"NAME": str(JINSHAO_HOME / "test.sqlite3")}
