"""What lies in storage."""

from typing import ClassVar

from django.db import models


class StoredFile(models.Model):
    """A file that is kept under what is in it. Several rows may refer to it, or none yet.

    touched_at: when it was last kept. Whoever keeps a file writes this row first, and only then the file; whoever
    removes one holds the row meanwhile. So a file that somebody keeps is not removed from under them
    (services/files.py).
    """

    key = models.CharField(primary_key=True, max_length=200)
    bytes = models.BigIntegerField()
    touched_at = models.DateTimeField(db_index=True)
    objects: ClassVar["models.Manager[StoredFile]"] = models.Manager()

    def __str__(self) -> str:
        return self.key
