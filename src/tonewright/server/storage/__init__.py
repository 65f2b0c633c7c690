"""Where files are kept: on this machine's disk, or in a bucket of an S3 service (conf: storage_url).

    storage().adopt(path, key)          a finished file moves in, whole or not at all, and lasts through a power cut
    storage().stream(key, start)        its bytes, in chunks
    with storage().local(key) as path:  the same as a file, for what can only read files

Which keys there are is said in keys.py; who may see what, in services/.
"""

from functools import lru_cache

from tonewright.server.conf import conf
from tonewright.server.storage.keys import content_key, digest_of, part_key, parts_prefix
from tonewright.server.storage.port import Chunks, Storage

__all__ = ["Chunks", "Storage", "content_key", "digest_of", "part_key", "parts_prefix", "storage"]


@lru_cache(maxsize=1)
def storage() -> Storage:
    """The storage of this process, as its settings say."""
    settings = conf()
    if settings.storage_url:
        from tonewright.server.storage.s3 import BucketStorage

        return BucketStorage.from_url(settings.storage_url, settings.data / "cache")
    from tonewright.server.storage.disk import DiskStorage

    return DiskStorage(settings.data / "files")
