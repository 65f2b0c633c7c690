"""Django's settings. What an operator may choose comes from conf.py; the rest is how this service is built."""

from typing import Any
from urllib.parse import urlsplit

from tonewright.server.conf import conf

_conf = conf()

SECRET_KEY = _conf.secret()
DEBUG = _conf.debug
ALLOWED_HOSTS = sorted({urlsplit(_conf.url).hostname or "", _conf.host, "localhost", "127.0.0.1", "[::1]"})
CSRF_TRUSTED_ORIGINS = [_conf.url]

INSTALLED_APPS = [
    "tonewright.server.apps.TonewrightConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.usersessions",
    "ninja",  # its page of the API, /api/docs, with its scripts from here
]

MIDDLEWARE = [
    "tonewright.server.ops.requests.Noted",
    "tonewright.server.api.safety.finish_answers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tonewright.server.accounts.NoteSessions",
]

ROOT_URLCONF = "tonewright.server.urls"
ASGI_APPLICATION = "tonewright.server.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": _conf.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tonewright_cache",
        # limits are counted here: with Django's 300 a stranger could push others' counts out
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

AUTH_USER_MODEL = "tonewright.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

ACCOUNT_ADAPTER = "tonewright.server.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _conf.secure
MFA_TOTP_ISSUER = "Tonewright"
MFA_TOTP_TOLERANCE = 1  # one step, for clocks and slow hands (RFC 6238 section 5.2)
USERSESSIONS_TRACK_ACTIVITY = True
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_SERVE_SPECIFICATION = True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None  # its page asks another server for its script
HEADLESS_FRONTEND_URLS = {
    # whole addresses: a mail's links do not go by what a request calls this host
    "account_confirm_email": f"{_conf.url}/verify/{{key}}",
    "account_reset_password": f"{_conf.url}/reset",
    "account_reset_password_from_key": f"{_conf.url}/reset/{{key}}",
    "account_signup": f"{_conf.url}/signup",
    "socialaccount_login_error": f"{_conf.url}/signin?failed=provider",
}


def _provider(pair: str) -> dict[str, Any]:
    client_id, _, secret = pair.partition(":")
    return {"APPS": [{"client_id": client_id, "secret": secret}] if pair else []}


SOCIALACCOUNT_PROVIDERS = {"google": _provider(_conf.oauth_google), "github": _provider(_conf.oauth_github)}
SOCIALACCOUNT_ADAPTER = "tonewright.server.accounts.ProviderAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
# both providers say whether an address was verified; then who has it here is who signs in
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _conf.secure
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _conf.secure else None
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _conf.secure else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = 20 << 20  # a part of an upload is at most 16 MiB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

_mail = urlsplit(_conf.email_url)
if _conf.email_url:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail.hostname or ""
    EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 587)
    EMAIL_HOST_USER = _mail.username or ""
    EMAIL_HOST_PASSWORD = _mail.password or ""
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_USE_TLS = _mail.scheme == "smtp" and _mail.hostname not in ("localhost", "127.0.0.1")
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(_conf.data / "mail")
DEFAULT_FROM_EMAIL = _conf.email_from

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = _conf.debug
# their names hold their digests
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/ui/assets/"
