"""The app's place in Django, and what it tells the apps below it."""

from django.apps import AppConfig


class FirepointsConfig(AppConfig):
    """火点."""

    name = "firepoints"
    verbose_name = "火点"

    def ready(self) -> None:
        from firepoints import acts, checks  # noqa: F401  the acts enter the journal's register on import
        from firepoints.models import Verification
        from grids import guards
        from journal import immutable, verify

        immutable.register(Verification.evidence.through)
        guards.register_activation_guard(checks.no_decision_since)
        verify.register("火点", checks.problems)
