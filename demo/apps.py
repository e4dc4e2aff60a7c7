"""The app's place in Django."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """演示."""

    name = "demo"
    verbose_name = "演示"
