"""The app's place in Django."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """演示."""

    name = "demo"
    verbose_name = "演示"

    def ready(self) -> None:
        from demo import acts  # noqa: F401  what may stand in the journal
