"""The app's place in Django, and what it tells the journal below it."""

from django.apps import AppConfig


class GridsConfig(AppConfig):
    """网格."""

    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from grids import acts, selectors  # noqa: F401  the acts enter the journal's register on import
        from journal import access_rules, names

        access_rules.register_reader(selectors.may_read_journal)
        names.register_actor_names(selectors.names_of)
