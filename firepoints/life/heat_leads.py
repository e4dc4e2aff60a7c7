"""Leads on accepted fixed heat, closed many at a time: a steel works glows each night, and each night is a suspicion.

What an official list, an inspection or a caller found is never among them (C12): that always ends in a decision or in
a person's own closing. Each point is closed by the same act as alone, with its own step and journal entry.
"""

from collections.abc import Sequence

from core.errors import NotAllowed, Refused
from core.texts import required
from firepoints.life.dispatch import fire_point_close
from firepoints.steps.selectors import fixed_heat_leads
from grids import selectors as grids
from grids.models import User
from grids.roles import Role


def heat_leads_close(*, points: Sequence[int], actor: User, reason: str) -> list[int]:
    """Close those of `points` that are leads on fixed heat and that `actor` may see; which were.

    A point that somebody has taken up meanwhile, or that a list has joined, stays. Raises NotAllowed, Missing.
    """
    if Role.BUREAU not in grids.roles_of(actor):
        raise NotAllowed("固定热源上的线索由市局经办关闭")
    reason = required(reason, "关闭的理由")
    leads = fixed_heat_leads(actor).filter(pk__in=points).order_by("pk")
    closed: list[int] = []
    for pk, version in list(leads.values_list("pk", "version")):
        try:
            fire_point_close(point_id=pk, actor=actor, reason=reason, expected_version=version)
        except Refused:
            continue  # it is no idle lead any more; the list shows how it stands
        closed.append(pk)
    return closed
