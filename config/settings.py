"""Settings: one file for every deployment; what differs comes from the environment.

DATABASE_URL, JINSHAO_HOME, CELERY_BROKER_URL, CACHE_URL, SECRET_KEY, IDENTITY_KEY, DJANGO_DEBUG, ALLOWED_HOSTS, JINSHAO_HTTPS,
JINSHAO_LOG_JSON, TRUSTED_PROXIES, JINSHAO_COMMANDS_DECIDE, RATE_USER, RATE_TOKEN, RATE_ANONYMOUS, RATE_LOGIN, BODY_STRANGER_KB,
BODY_FORM_KB, BODY_API_KB, BODY_DOCUMENT_MB, BODY_PHOTOS_MB, BODY_FILE_MB, EXPORT_ROWS, FIRMS_MAP_KEY, FIRMS_BASE_URL, FIRMS_PRODUCTS,
FIRMS_TIMEOUT_S, JINSHAO_INBOX, JINSHAO_INBOX_STABLE_S.
"""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF

from config import celery as _celery  # noqa: F401  every process that has settings has our broker
from config import env as machine
from config.logs import configure as configure_logs

BASE_DIR = Path(__file__).resolve().parent.parent
JINSHAO_HOME = machine.home_folder(BASE_DIR)
machine.keep_private(JINSHAO_HOME)
env = environ.Env()

SECRET_KEY = machine.secret_key(JINSHAO_HOME)
IDENTITY_KEY = machine.identity_key(JINSHAO_HOME)
DEBUG = env.bool("DJANGO_DEBUG", default=False)
JINSHAO_HTTPS = env.bool("JINSHAO_HTTPS", default=False)
# Whether commands decide in a person's name (core.deciding); in a demonstration they always may.
JINSHAO_COMMANDS_DECIDE = env.bool("JINSHAO_COMMANDS_DECIDE", default=False)
# Set by the test run alone: it lets `flush` drop and remake the append-only triggers.
JINSHAO_TESTING = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    # Ours first, so that journal's `migrate` and `flush` (triggers) stand in front of Django's.
    "journal.apps.JournalConfig",
    "grids.apps.GridsConfig",
    "firepoints.apps.FirepointsConfig",
    "penalties.apps.PenaltiesConfig",
    "demo.apps.DemoConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "axes",
    "csp",
    "django_vite",
]

MIDDLEWARE = [
    # Before all that read a body, CsrfViewMiddleware above all.
    "grids.frame.body_limits.BodyLimits",
    "core.http.ways.WayMiddleware",
    "core.page_memory.PageMemory",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.http.compressing.CompressMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "core.http.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "grids.frame.context.site",
            ]
        },
    }
]

# --- Database: SQLite on a local disk by default, PostgreSQL by DATABASE_URL ---------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{JINSHAO_HOME / 'jinshao.sqlite3'}")}
_database = DATABASES["default"]
IS_SQLITE = _database["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    _folder = Path(_database["NAME"]).parent
    _kind = machine.filesystem_of(_folder)
    if machine.unsafe_for_sqlite(_kind):
        raise SystemExit(
            f"拒绝启动：SQLite 不能放在网络盘上（{_folder} 位于 {_kind}）。请把 JINSHAO_HOME 设到本机磁盘。\n"
            f"Refusing to start: SQLite must not live on a network drive. Set JINSHAO_HOME to a folder on a local disk."
        )
    if str(_database["NAME"]) != ":memory:":
        _folder.mkdir(parents=True, exist_ok=True)
    _database["ENGINE"] = "core.db.sqlite"
    # IMMEDIATE: a deferred transaction that turns to writing fails at once with "database is locked".
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # 64 MB of pages instead of 2: a large import else reads and writes its indexes over and over.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        "PRAGMA cache_size=-65536;",
    }
else:
    _database.setdefault("CONN_MAX_AGE", 60)
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People and sign-in --------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "grids.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "errors/locked.html"
AXES_CLIENT_IP_CALLABLE = "core.http.client_ip.client_ip"
# Addresses or networks of the proxies in front of us, and "unix" for one on a local socket: only what they say of the
# client's address is believed. Behind TLS there is one, and without its name nothing starts.
TRUSTED_PROXIES = machine.trusted_proxies(env.list("TRUSTED_PROXIES", default=[]), https=JINSHAO_HTTPS)
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# --- What a browser may do -----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = JINSHAO_HTTPS and not DEBUG
SECURE_SSL_REDIRECT = JINSHAO_HTTPS and not DEBUG
SECURE_HSTS_SECONDS = 31536000 if SECURE_SSL_REDIRECT else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if JINSHAO_HTTPS else None

# --- Language and time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

# --- Files ---------------------------------------------------------------------------------------------------------
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATIC_URL = "/static/"
STATIC_ROOT = JINSHAO_HOME / "static"
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static", FRONTEND_DIST) if folder.is_dir()]
MEDIA_ROOT = JINSHAO_HOME / "files"
PHOTO_MEGAPIXELS = env.int("JINSHAO_PHOTO_MEGAPIXELS", default=40)  # told by the header, before a photo is decoded
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
FILE_UPLOAD_PERMISSIONS = 0o640
# The most bytes of one request, by its Content-Length: from who is not signed in; a plain form; JSON below /api/; and,
# where files are taken, one scan, photo or workbook, several photos, or a list or borders.
BODY_LIMITS = {
    "stranger": env.int("BODY_STRANGER_KB", default=64) * 1024,
    "form": env.int("BODY_FORM_KB", default=2048) * 1024,
    "api": env.int("BODY_API_KB", default=1024) * 1024,
    "document": env.int("BODY_DOCUMENT_MB", default=32) * 1024 * 1024,
    "photos": env.int("BODY_PHOTOS_MB", default=128) * 1024 * 1024,
    "file": env.int("BODY_FILE_MB", default=256) * 1024 * 1024,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DJANGO_VITE = {"default": {"dev_mode": False, "manifest_path": FRONTEND_DIST / "manifest.json"}}

# --- API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "grids.frame.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.http.rest.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "core.http.rest.KeyPagination",
    "EXCEPTION_HANDLER": "core.http.problems.handler",
    "DEFAULT_THROTTLE_CLASSES": ["core.http.throttling.Rates"],
    "DEFAULT_SCHEMA_CLASS": "core.http.schema.Schema",
    "PAGE_SIZE": 100,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Requests a minute: by account, by token, by address for who is not signed in, and sign-ins by address. 0 = no limit.
RATES = {
    "user": env.int("RATE_USER", default=600),
    "token": env.int("RATE_TOKEN", default=300),
    "anonymous": env.int("RATE_ANONYMOUS", default=60),
    "login": env.int("RATE_LOGIN", default=20),
}
# The rows of one CSV; the rest follows by its Link header.
EXPORT_ROWS = env.int("EXPORT_ROWS", default=10_000)
SPECTACULAR_SETTINGS = {
    "TITLE": "禁烧 API",
    "DESCRIPTION": (
        "火点从发现到扣缴。经纬度为 WGS-84、先经后纬；时间为 ISO 8601 带时区；日期和月份按北京时间；"
        "金额是整数分（amount_fen），另附元。令牌放在 `Authorization: Token …`；浏览器会话另带 X-CSRFToken。"
        "办理带上看到的版本（If-Match 或 version）；重发用同一个 Idempotency-Key，只办一次。"
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.http.schema.add_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "FirePointState": "firepoints.terms.states.State",
        "ImportState": "firepoints.models.ImportRun.State",
        "BatchState": "penalties.models.BatchState",
        "SightingKind": "firepoints.models.Detection.Kind",
        "EvidenceKind": "firepoints.models.Evidence.Kind",
        "VerificationKind": "firepoints.models.Verification.Kind",
        "PostKind": "grids.roles.PostKind",
        "QuestionKind": "firepoints.models.Question.Kind",
        "QuestionAnswer": "firepoints.models.Question.Answer",
        "ProposalAnswer": "journal.models.Proposal.Answer",
    },
    # From our own static files: nothing is loaded from outside at run time, not even the validator's badge.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

# --- Background work: the Job table is the truth, Celery is the wake-up --------------------------------------------
_broker = env("CELERY_BROKER_URL", default="")
# The host is a word that kombu wants to see; only the folder below counts.
CELERY_BROKER_URL = _broker or "spool://localhost"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if not _broker:
    _spool = JINSHAO_HOME / "broker"
    for _name in ("spool", "control", "claimed", "unreadable"):
        (_spool / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # One folder both ways: what the web process puts out is what the worker takes in.
        "data_folder_in": str(_spool / "spool"),
        "data_folder_out": str(_spool / "spool"),
        "control_folder": str(_spool / "control"),
        "processed_folder": str(_spool / "claimed"),
        "unreadable_folder": str(_spool / "unreadable"),
    }
elif _broker.startswith(("redis", "valkey")):
    # Short: a worker that died must not keep a message hidden; handlers are safe to run twice.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300}
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(JINSHAO_HOME / "celerybeat-schedule")
# An unread wake-up is worthless after its period: `expires` keeps a stopped worker's queue from growing.
CELERY_BEAT_SCHEDULE = {
    "seal": {"task": "journal.tasks.seal", "schedule": 2.0, "options": {"expires": 2}},
    "run-jobs": {"task": "journal.tasks.run_jobs", "schedule": 5.0, "options": {"expires": 5}},
    "sweep": {"task": "journal.tasks.sweep", "schedule": 60.0, "options": {"expires": 60}},
}

# Where sightings come from by themselves. The map key is no setting: FIRMS_MAP_KEY is read from the environment when it is
# needed, so that no dump of the settings holds it.
FIRMS_BASE_URL = env("FIRMS_BASE_URL", default="https://firms.modaps.eosdis.nasa.gov")
FIRMS_PRODUCTS = env.list("FIRMS_PRODUCTS", default=[])  # empty: all that FIRMS has
FIRMS_TIMEOUT_S = env.float("FIRMS_TIMEOUT_S", default=120.0)
JINSHAO_INBOX = env("JINSHAO_INBOX", default="")  # empty: the folder inbox of JINSHAO_HOME
JINSHAO_INBOX_STABLE_S = env.float("JINSHAO_INBOX_STABLE_S", default=10.0)

# How long jobs that are done are kept; failed ones stay.
JOBS_KEPT_DAYS = env.int("JINSHAO_JOBS_KEPT_DAYS", default=30)

_cache = env("CACHE_URL", default="")
CACHES = {
    # Soft: a cache that is gone makes pages slower, and refuses nobody.
    "default": {"BACKEND": "core.db.soft_cache.SoftRedisCache", "LOCATION": _cache}
    if _cache
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

LOGGING_CONFIG = None
configure_logs(level=env("JINSHAO_LOG_LEVEL", default="INFO"), as_json=env.bool("JINSHAO_LOG_JSON", default=False))
