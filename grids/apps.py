"""The app's place in Django, and what it tells the journal below it."""

from django.apps import AppConfig


class GridsConfig(AppConfig):
    """网格."""

    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from grids import acts, checks, selectors  # noqa: F401  the acts enter the journal's register on import
        from grids.frame import nav
        from grids.roles import Role
        from journal import access_rules
        from journal.proposals.register import SAME_PERSON
        from journal.record import names, verify

        access_rules.register_reader(selectors.may_read_journal)
        access_rules.register_operator(selectors.may_operate)
        SAME_PERSON.set(selectors.is_same_person)
        names.register_actor_names(selectors.names_of)
        verify.register("网格", checks.problems)
        nav.register("总览", "home", order=10)
        nav.register("网格", "grid", order=70)
        nav.register("任务", "journal:jobs", order=95, roles={Role.BUREAU, Role.AUDITOR})
        nav.register("记录", "journal:list", order=90, roles=selectors.JOURNAL_READERS)
