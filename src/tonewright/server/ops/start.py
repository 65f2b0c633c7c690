"""How a process of the service begins: its settings, its log, Django, and whether the tables are as they must be."""

import os
import warnings

from tonewright.base.errors import Impossible
from tonewright.base.process import tune
from tonewright.server.conf import conf


def start_django(process: str) -> None:
    """Make a process of our own ready for rows. process: its name in the log."""
    tune()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tonewright.server.settings"
    conf().data.mkdir(parents=True, exist_ok=True, mode=0o700)
    from tonewright.server.ops.logs import configure

    configure(process)
    import django

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other people's packages, at import
        django.setup()


def migrate() -> list[str]:
    """Bring all tables up to date; gives the names of the migrations that were applied."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from tonewright.server.work import durable

    recorder = MigrationRecorder(connection)
    before = set(recorder.applied_migrations()) if recorder.has_table() else set()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    durable.migrate()
    return sorted(f"{app}.{name}" for app, name in set(recorder.applied_migrations()) - before)


def must_be_migrated() -> None:
    """Raises Impossible while tables are missing or of another version."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Impossible("The database is not up to date.", "Run: tonewright admin migrate")
