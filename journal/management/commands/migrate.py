"""Django's migrate, and after it the triggers: of append-only tables, and of figures that are kept."""

from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as DjangoMigrate

from core.db import baseline, triggers


class Command(DjangoMigrate):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options.get("plan") or options.get("check_unapplied"):
            return
        count = triggers.ensure(options["database"])
        if count and options["verbosity"] >= 1:
            self.stdout.write(f"  Triggers made: {count}")
        if getattr(settings, "JINSHAO_TESTING", False):
            baseline.remember(options["database"])
