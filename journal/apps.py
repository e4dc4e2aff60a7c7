from importlib import import_module
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from journal.record import subjects


def _proposals(ids: list[str]) -> "subjects.Told":
    """The proposals by number, each on the page of its list."""
    from django.urls import reverse

    return {pk: (f"提请 {pk}", f"{reverse('journal:proposals')}#proposal-{pk}") for pk in ids}


class JournalConfig(AppConfig):
    name = "journal"
    label = "journal"
    verbose_name = "记录"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Every app names its acts in its own acts.py; loaded here so that none can be forgotten.
        autodiscover_modules("acts")
        self._name_own_subjects()
        self._answer_core()
        # The waker sends its task by name, so every process must know it.
        import_module("journal.tasks")
        self._check_privacy()
        self._mind_triggers()

    def _mind_triggers(self) -> None:
        from django.db.models.signals import pre_migrate

        from core.db import triggers

        pre_migrate.connect(triggers.lift, sender=self)

    @staticmethod
    def _check_privacy() -> None:
        from django.core import checks

        from core import privacy

        checks.register(privacy.check, checks.Tags.security)

    @staticmethod
    def _name_own_subjects() -> None:
        from journal.record import subjects

        subjects.register("journal.deployment", "部署")
        subjects.register("journal.job", "后台任务")
        subjects.register("journal.proposal", "提请", _proposals)
        subjects.register_fields({"proposed": "提请事项", "asked_by": "提请人"})

    @staticmethod
    def _answer_core() -> None:
        from core import clock
        from core.http import exports
        from journal.record.services import export_noted
        from journal.selectors import is_demo

        clock.MAY_SIMULATE.set(is_demo)
        exports.NOTE_EXPORT.set(export_noted)
