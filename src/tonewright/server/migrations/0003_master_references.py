from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tonewright", "0002_workers"),
    ]

    operations = [
        migrations.AddField(
            model_name="master",
            name="references",
            field=models.JSONField(default=list),
        ),
    ]
