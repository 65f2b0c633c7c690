"""What every row has: an id that tells nothing, and the time it was made."""

import uuid

from django.db import models


class Row(models.Model):
    """id: random, so that it gives away neither order nor number. created_at: UTC."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.id}"
