"""One file, read from the environment by chatsite/env.py. README lists the variables."""

from pathlib import Path
from typing import Any

from chatsite import engines, env
from chatsite.make_secrets import PURPOSES
from chatsite.security import static_headers

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("CHAT_VAR", str(BASE_DIR / "var")))
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 0, 65535)

SITE_NAME = env.text("SITE_NAME", "Chatsite")
_SITE = env.origin("SITE_URL", f"http://localhost:{PORT or 8000}")
SITE_URL = _SITE.geturl()
SITE_HOST = _SITE.netloc  # what device proofs name; never taken from a request
SECURE = _SITE.scheme == "https"
SITE_LOCAL = _SITE.hostname == "localhost"

DEBUG = env.boolean("DEBUG", False)
ALLOWED_HOSTS = [
    str(_SITE.hostname),
    *(["127.0.0.1", "[::1]"] if SITE_LOCAL else []),
    *env.words("ALLOWED_HOSTS"),
]
CSRF_TRUSTED_ORIGINS = [SITE_URL, *env.words("CSRF_TRUSTED_ORIGINS")]

SECRETS = {purpose: env.secret(VAR / "secrets", purpose) for purpose in PURPOSES}
SECRET_KEY, *SECRET_KEY_FALLBACKS = [key.hex() for _, key in SECRETS["django"]]

ENGINE, _adapters = engines.choose()
MESSAGE_LOG: str = _adapters["MESSAGE_LOG"]
CONNECTION_STORE: str = _adapters["CONNECTION_STORE"]
PRESENCE: str = _adapters["PRESENCE"]
CHANNEL_LAYERS: dict[str, Any] = _adapters["CHANNEL_LAYERS"]
DIRECTORY_READABLE = "messaging.connections.readable_lists"  # accounts asks, never imports
DIRECTORY_CHANGED = "messaging.sessions.news.list_changed"
PRIVACY_CHANGED = "messaging.sessions.news.privacy_changed"
NOTE_CHANGED = "messaging.sessions.news.note_changed"
LIVE_RATE_FACTOR = env.integer("LIVE_RATE_FACTOR", 1, 1, 1_000_000)  # for benchmarks alone

INSTALLED_APPS = [
    "chatsite",
    "messaging",
    "messaging.backends.sql",
    "presence",
    "accounts",
    "channels",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "chatsite.security.Headers",
    "django.middleware.security.SecurityMiddleware",
    "chatsite.address.OneAddress",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
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
                "chatsite.apps.site",
            ],
        },
    },
]


def _sqlite(name: str) -> dict[str, Any]:
    """WAL, and FULL because NORMAL may drop the last acknowledged rows when the power goes."""
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR / name,
        "OPTIONS": {
            "timeout": 5,
            "transaction_mode": "IMMEDIATE",
            "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
        },
        "TEST": {"NAME": VAR / f"test-{name}"},  # a file: consumers read from other threads
    }


_postgres = env.postgres("DATABASE_URL")
DATABASES: dict[str, Any] = (
    {"default": _postgres, "messages": {**_postgres, "TEST": {"MIRROR": "default"}}}
    if _postgres
    else {"default": _sqlite("site.sqlite3"), "messages": _sqlite("messages.sqlite3")}
)
DATABASE_ROUTERS = ["messaging.backends.sql.router.MessagesRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Used nonces and rate limits: what is evicted could be used again. Django's own is 300.
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}

AUTH_USER_MODEL = "accounts.User"
# Staff of the admin alone have a Django password; people's passwords never reach the server.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "/sign-in"

_PREFIX = "__Host-" if SECURE else ""  # Secure cookies do not survive plain http
SESSION_COOKIE_NAME = f"{_PREFIX}session"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90  # seconds; the page says how to end one sooner
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "chatsite.errors.bad_csrf"
SECURE_REFERRER_POLICY = None  # chatsite/security.py sets it, by page
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_PROXY", False) else None
)
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers

_mail = env.mail()
MAIL = bool(_mail)  # without it the operator alone can give leave for an account reset
globals().update(_mail)

LANGUAGE_CODE = "en"
# Each under its own name, so that who cannot read the page finds it. bin/messages keeps them.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"  # static/js/language.js writes it; absent = the browser's own
USE_TZ = True
TIME_ZONE = "UTC"  # of logs and the admin; people see their own clock

LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "filters": {"everyday": {"()": "chatsite.logs.Everyday"}},
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.request": {"filters": ["everyday"]},
    },
}
