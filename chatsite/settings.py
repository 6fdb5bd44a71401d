"""One file, read from the environment by chatsite/env.py. README lists the variables."""

from functools import partial
from pathlib import Path
from typing import Any

from chatsite import engines, env, services
from chatsite.make_secrets import MODERATION, PUBLISHED, PURPOSES
from chatsite.security import static_headers

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = env.folder("CHAT_VAR", BASE_DIR / "var")
HOST = env.filled("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 0, 65535)
NODE = env.node("NODE")  # empty: host:port, as `serve` was told

SITE_NAME = env.filled("SITE_NAME", "Chatsite")
REGISTRATION = env.choice("REGISTRATION", "open", ("open", "invite", "approval", "closed"))
# Tries to sign up in a minute, of the whole site; with more they ask for work. 0 = never.
SIGN_UP_WORK_ABOVE = env.integer("SIGN_UP_WORK_ABOVE", 30, 0, 100_000)
RESERVED_NAMES = env.words("RESERVED_NAMES")  # beside accounts/reserved.py
_SITE = env.origin("SITE_URL", f"http://localhost:{PORT or 8000}")
SITE_URL = _SITE.geturl()
SITE_HOST = _SITE.netloc  # what device proofs name; never taken from a request
SECURE = _SITE.scheme == "https"
SITE_LOCAL = _SITE.hostname == "localhost"
env.refuse(
    "ADMIN_ENABLED",
    "set ADMIN_URL to a host name of its own, such as https://admin.chat.example, and "
    "ADMIN_NETWORKS; then manage.py staff_add (docs/operations.md)",
)
# The admin: off, a host of its own, or a path of the site's on this machine.
ADMIN_URL, ADMIN_HOST, ADMIN_PATH = env.admin("ADMIN_URL", _SITE)
ADMIN_NETWORKS = env.admin_networks("ADMIN_NETWORKS", ADMIN_URL)

# What nobody has used for so many days: `manage.py prune_stale`. 0 = it stays.
STALE_SESSION_DAYS = env.days("STALE_SESSION_DAYS", 7)
STALE_DEVICE_DAYS = env.days("STALE_DEVICE_DAYS", 90)
STALE_ACCOUNT_DAYS = env.days("STALE_ACCOUNT_DAYS", 90)
# How long messages are kept: `manage.py prune_messages`. 0 = for ever.
MESSAGE_RETENTION_DAYS = env.days("MESSAGE_RETENTION_DAYS", 1)

DEBUG = env.boolean("DEBUG", False)
ALLOWED_HOSTS = [
    SITE_HOST.removesuffix(f":{_SITE.port}"),  # with the brackets of IPv6, as Django compares it
    *(["127.0.0.1", "[::1]"] if SITE_LOCAL else []),
    *([ADMIN_HOST] if ADMIN_HOST else []),
    *env.words("ALLOWED_HOSTS"),
]
env.refuse("BEHIND_PROXY", "set TRUSTED_PROXIES to the proxy's addresses, such as 127.0.0.1")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")  # chatsite/door/proxies.py believes them
METRICS_FROM = env.networks("METRICS_FROM")  # who reads /metrics, beside this machine
CSRF_TRUSTED_ORIGINS = [SITE_URL, *env.origins("CSRF_TRUSTED_ORIGINS")]

SECRETS = {purpose: env.secret(VAR / "secrets", purpose) for purpose in PURPOSES}
# Of reports. A process that opens none never holds a seed.
MODERATION_KEY = VAR / "secrets" / PUBLISHED
MODERATION_SEEDS = partial(env.secret_if_there, VAR / "secrets", MODERATION)
SECRET_KEY, *SECRET_KEY_FALLBACKS = [key.hex() for _, key in SECRETS["django"]]

ENGINE, _engine = engines.choose(VAR)
globals().update(_engine)  # DATABASES, CACHES and all else that varies with it
MESSAGE_LOG: str = _engine["MESSAGE_LOG"]
CONNECTION_STORE: str = _engine["CONNECTION_STORE"]
STORE_META: str = _engine["STORE_META"]
TABLES: str = _engine["TABLES"]
PRESENCE: str = _engine["PRESENCE"]
BLOB_STORE: str = _engine["BLOB_STORE"]
S3: dict[str, str] = _engine.get("S3", {})
MEDIA_TRANSFER = services.transfer(_SITE, S3)  # node or direct
BLOB_FOLDER = VAR / "blobs"  # of the store in files
MEDIA_FILE_MAX = env.integer("MEDIA_FILE_MAX", 2 * 1024**3, 1, 2**40)  # bytes, before sealing
MEDIA_PERSON_QUOTA = env.integer("MEDIA_PERSON_QUOTA", 2 * 1024**3, 0, 2**50)  # 0 = no limit
MEDIA_SITE_QUOTA = env.integer("MEDIA_SITE_QUOTA", 10 * 1024**3, 0, 2**60)
RELAY: str = _engine["RELAY"]
CLAIM: str = _engine["CLAIM"]
REDIS_URL: str = _engine.get("REDIS_URL", "")  # where several processes share one
CASSANDRA: dict[str, Any] = _engine.get("CASSANDRA", {})
NEEDS: list[tuple[str, str, Any]] = _engine["NEEDS"]
EXAMINED: list[tuple[str, str, Any]] = _engine["EXAMINED"]  # by `manage.py doctor`
WAIT_SECONDS = env.integer("WAIT_SECONDS", 60, 0, 3600)  # of `serve`, for each service
MESSAGING_BLOBS = "media.hooks.BlobLinks"  # messaging/blobs.py is its port
# accounts/hooks.py calls these, and never imports them
DIRECTORY_READABLE = "messaging.hooks.readable_lists"
INVITE_ADMITS = "messaging.hooks.admits"
DIRECTORY_CHANGED = "messaging.hooks.list_changed"
ACCOUNT_CHANGED = "messaging.hooks.account_changed"
PRIVACY_CHANGED = "messaging.hooks.privacy_changed"
NOTE_CHANGED = "messaging.hooks.note_changed"
TAKES_REPORTS = bool(ADMIN_URL)  # what nobody reads is not offered
LIVE_RATE_FACTOR = env.integer("LIVE_RATE_FACTOR", 1, 1, 1_000_000)  # for benchmarks alone

INSTALLED_APPS = [
    "chatsite",
    "moderation",
    "media",
    "messaging",
    *_engine["ENGINE_APPS"],
    "presence",
    "accounts",
    "channels",
    "django.contrib.admin.apps.SimpleAdminConfig",  # moderation/site.py is the site
    "django_otp",
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
    "moderation.door.AdminDoor",
    "chatsite.staticfiles.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "moderation.door.StaffFactor",
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
                "moderation.pages.news",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
# Staff of the admin alone have a Django password; people's passwords never reach the server.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [{"NAME": "moderation.passwords.LongestPassword"}]
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
# What other hosts of the domain do is not ours to decide, and a preload list forgets slowly.
_HSTS = env.choice("HSTS", "host", env.HSTS_SCOPES)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE and _HSTS != "host"
SECURE_HSTS_PRELOAD = SECURE and _HSTS == "preload"
SECURE_SSL_REDIRECT = SECURE
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers
WHITENOISE_MAX_AGE = 0  # of names without a hash: workers load by those, and must not mix versions

_mail = env.mail()
MAIL = bool(_mail)  # without it only the operator can permit an account reset
globals().update(_mail)

LANGUAGE_CODE = "en"
# Each under its own name, so that somebody who cannot read the page finds it.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"  # static/js/language.js writes it; absent = the browser's own
USE_TZ = True
TIME_ZONE = "UTC"  # of logs and the admin; people see their own clock

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", env.LOG_LEVELS)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "chatsite.logs.Line",
            "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["seldom"],
        },
        "counted": {"class": "chatsite.logs.Counted", "level": "ERROR"},
    },
    "root": {"handlers": ["stderr", "counted"], "level": LOG_LEVEL},
    "filters": {
        "everyday": {"()": "chatsite.logs.Everyday"},
        "seldom": {"()": "chatsite.logs.Seldom"},
    },
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "cassandra": {"level": "CRITICAL"},  # its driver tells what chatsite.database tells
        "botocore": {"level": "INFO"},  # at DEBUG it tells addresses that open a part for minutes
        "channels_redis": {"level": "CRITICAL"},  # a Redis that is away is said once, by reach.py
        "django.request": {"filters": ["everyday"]},
    },
}
