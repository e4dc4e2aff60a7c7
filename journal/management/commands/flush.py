"""Django's flush, refused outside tests: it would empty the record."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as DjangoFlush

from core.db import baseline, triggers


class Command(DjangoFlush):
    def handle(self, **options: Any) -> None:
        if not getattr(settings, "JINSHAO_TESTING", False):
            raise CommandError("记录只增不减，flush 会清空全部记录，已拒绝。测试之外请另建部署。", returncode=1)
        with triggers.lifted(options["database"]):
            super().handle(**options)
            baseline.restore(options["database"])
