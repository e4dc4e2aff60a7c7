"""指定组: a village whose groups have no borders takes its fires by itself; whose group's it is, a person says (C2)."""

from django.db import transaction

from core import clock
from core.errors import BadInput, Missing
from core.texts import required
from firepoints.forming.attribution import Names, chain_of, file_attributions
from firepoints.models import Attribution, FirePoint
from firepoints.steps.advancing import advance, next_seq, open_act
from firepoints.steps.workflow import act
from grids.models import User
from grids.roles import Level
from grids.selectors import groups_to_choose


@act("assign_group")
@transaction.atomic
def fire_point_assign_group(
    *, point_id: int | str, actor: User, group: str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """Name the group (code) of the village in which the fire burnt: a further attribution row with that group's people.

    Only groups without a polygon can be named: where there are borders, the borders say it. Raises BadInput for any
    other code, Missing without a reason or a located village.
    """
    reason = required(reason, "指定组的理由")
    opened = open_act("assign_group", point_id=point_id, actor=actor, expected_version=expected_version)
    point, old = opened.point, opened.point.attribution
    if old is None or not old.village_code:
        raise Missing(["已定位到村（社区）"])
    chosen = groups_to_choose(old.edition, old.village_code).filter(code=group).first()
    if chosen is None:
        raise BadInput("这个组不在该村，或者它有图形（由边界定）", where="group", code="unknown_cell")
    row = _with_group(point, old, chosen.code, chosen.name)
    file_attributions([row], Names())
    data = {"group": chosen.code, "chain": chain_of(row)}
    return advance(opened, reason=reason, data=data, attribution=row, group_code=chosen.code)


def _with_group(point: FirePoint, old: Attribution, code: str, name: str) -> Attribution:
    columns = {
        field.attname: getattr(old, field.attname)
        for field in Attribution._meta.concrete_fields
        if field.name not in ("id", "seq", "note", "at", "method")
    }
    changes = {
        f"{Level.GROUP}_code": code,
        f"{Level.GROUP}_name": name,
        "seq": next_seq(Attribution, point),
        "method": Attribution.Method.PERSON,
        "note": "由人指定组",
        "at": clock.now(),
    }
    return Attribution(**columns | changes)
