"""The Django app: rows, migrations, and what has to be connected once they are loaded."""

from django.apps import AppConfig


class TonewrightConfig(AppConfig):
    name = "tonewright.server"
    label = "tonewright"
    verbose_name = "Tonewright"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tonewright.server import accounts

        accounts.connect()
