"""The app's place in Django, and what it tells the apps below it."""

from django.apps import AppConfig


class FirepointsConfig(AppConfig):
    """火点."""

    name = "firepoints"
    verbose_name = "火点"

    def ready(self) -> None:
        from core.db import immutable
        from firepoints import acts, checks  # noqa: F401  the acts enter the journal's register on import
        from firepoints.findings import hotline
        from firepoints.forming import answers, people_change
        from firepoints.life import proposing, reattribute
        from firepoints.models import RecheckVisit, Verification
        from firepoints.policy import ruling_acts, rulings
        from firepoints.sightings import in_force
        from firepoints.sightings.importing import proposing as withdrawals
        from firepoints.sightings.lists import discarding
        from firepoints.steps import advancing
        from grids.editions import days_over, guards
        from grids.frame import nav
        from grids.people import changes, wording
        from grids.roles import Role
        from journal.record import restoring, verify

        immutable.register(Verification.evidence.through)
        immutable.register(RecheckVisit.evidence.through)
        in_force.FORMING.set(answers.Points())
        guards.register_activation_guard(checks.no_decision_since)
        wording.register(rulings.words)
        ruling_acts.register_all()
        days_over.register(reattribute.queue)
        changes.register(people_change.queue)
        verify.register("火点", checks.problems)
        proposing.register_all()
        withdrawals.register_all()
        discarding.register_all()
        restoring.register("numbers", advancing.skip_numbers)
        restoring.register("hotline", hotline.skip_numbers)
        nav.register("火点", "firepoints:list", order=20)
        nav.register("认定", "firepoints:review", order=30, roles={Role.RECOGNISER})
        nav.register("疑问", "firepoints:questions", order=31, roles={Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
        nav.register("复查", "firepoints:rechecks", order=32, roles={Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
        nav.register("提请", "journal:proposals", order=32, roles={Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
        finders = {Role.BUREAU, Role.COUNTY, Role.INSPECTOR}
        nav.register("上报", "imports:finding", order=35, roles=finders)
        nav.register("导入", "imports:list", order=80, roles={Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
