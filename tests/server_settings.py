"""The service's settings for tests: a data directory that is thrown away, quick passwords, mails kept in memory."""

import atexit
import os
import shutil
import tempfile

_ours = [name for name in os.environ if name.startswith("TONEWRIGHT_") and name != "TONEWRIGHT_TEST_POSTGRES"]
for _name in _ours:
    del os.environ[_name]
_data = tempfile.mkdtemp(prefix="tonewright-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["TONEWRIGHT_DATA_DIR"] = _data

from tonewright.server.settings import *  # noqa: E402, F403

# a file: a database in memory can't be written by two threads at once
DATABASES["default"]["TEST"] = {"NAME": f"{_data}/test.sqlite3"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
