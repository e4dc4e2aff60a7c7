from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JournalConfig(AppConfig):
    name = "journal"
    label = "journal"
    verbose_name = "记录"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Every app names its acts in its own acts.py; loaded here so that none can be forgotten.
        autodiscover_modules("acts")
