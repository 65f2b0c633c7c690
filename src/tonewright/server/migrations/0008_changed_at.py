from typing import Any

from django.db import migrations, models
from django.utils import timezone


def as_old_as_it_is(apps: Any, schema_editor: Any) -> None:
    for name in ("Project", "Song"):
        apps.get_model("tonewright", name).objects.update(changed_at=models.F("created_at"))


def _field(model: str) -> migrations.AddField:
    field = models.DateTimeField(auto_now=True, default=timezone.now)
    return migrations.AddField(model_name=model, name="changed_at", field=field, preserve_default=False)


class Migration(migrations.Migration):
    dependencies = [
        ("tonewright", "0007_master_tags"),
    ]

    operations = [
        _field("project"),
        _field("song"),
        migrations.RunPython(as_old_as_it_is, migrations.RunPython.noop),
    ]
