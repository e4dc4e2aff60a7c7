"""The app's place in Django."""

from django.apps import AppConfig


class PenaltiesConfig(AppConfig):
    """扣缴."""

    name = "penalties"
    verbose_name = "扣缴"

    def ready(self) -> None:
        from firepoints.pages import panels as point_panels
        from firepoints.policy import pins, ruling_acts
        from firepoints.steps import searching
        from grids.frame import nav
        from grids.roles import Role
        from journal.record import verify
        from penalties import (
            acts,  # noqa: F401  the registry of acts
            checks,
        )
        from penalties.pages import panels
        from penalties.rules import stored
        from penalties.selectors import points_of_paper, rulings_behind

        pins.register(stored.pin)
        ruling_acts.GUARDS.add(rulings_behind)
        searching.PAPERS.add(points_of_paper)
        point_panels.register_money_panel(panels.LedgerPanel())
        verify.register("扣缴台账", checks.check)
        readers = {Role.BUREAU, Role.RECOGNISER, Role.FINANCE, Role.AUDITOR, Role.COUNTY}
        nav.register("扣缴", "penalties:list", order=50, roles=readers)
