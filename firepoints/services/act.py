"""One door for the API, the command and the pages: an action by name with its data, done by its own service."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from firepoints.models import FirePoint
from firepoints.services import (
    assign_group,
    dispatch,
    joint,
    merge,
    objections,
    reattribute,
    recognise,
    relocate,
    reopen,
    review,
    split,
    unmerge,
    verify,
)
from grids.models import User
from journal import faults
from journal.errors import BadInput, Missing

Service = Callable[..., FirePoint]

faults.register({"act.committed": "the act stands, the answer is lost: a second try is refused and changes nothing"})

SERVICES: dict[str, Service] = {
    "dispatch": dispatch.fire_point_dispatch,
    "split": split.fire_point_split,
    "relocate": relocate.fire_point_relocate,
    "reattribute": reattribute.fire_point_reattribute,
    "assign_group": assign_group.fire_point_assign_group,
    "close": dispatch.fire_point_close,
    "withdraw": dispatch.fire_point_withdraw,
    "report": verify.fire_point_report,
    "report_on_behalf": verify.fire_point_report_on_behalf,
    "verify_own": verify.fire_point_verify_own,
    "return": verify.fire_point_return,
    "mark_cross": joint.fire_point_mark_cross,
    "dispute": joint.fire_point_dispute,
    "settle_jointly": joint.fire_point_settle_jointly,
    "review": review.fire_point_review,
    "recognise": recognise.fire_point_recognise,
    "exclude": recognise.fire_point_exclude,
    "notify": objections.fire_point_notify,
    "object": objections.fire_point_object,
    "waive": objections.fire_point_waive,
    "lapse": objections.fire_point_lapse,
    "uphold": objections.fire_point_uphold,
    "reopen": reopen.fire_point_reopen,
    "stand": review.fire_point_stand,
    "merge": merge.fire_point_merge,
    "merge_decided": merge.fire_point_merge_decided,
    "unmerge": unmerge.fire_point_unmerge,
    "absorb": merge.fire_point_absorb,
}
_COMMON = {"point_id", "actor", "expected_version"}
_LISTS = {"evidence", "attendances", "groups"}
_ONE_OF = {"relocate": {"evidence"}}
"""Where an action takes one of what others take many of."""


def lists_of(action: str) -> set[str]:
    """The fields of an action that take a list."""
    return _LISTS - _ONE_OF.get(action, set())


def fields_of(action: str) -> dict[str, bool]:
    """{field: required} of the data that an action takes. Raises BadInput for an unknown action."""
    if action not in SERVICES:
        raise BadInput(f"没有“{action}”这个操作，可用：{'、'.join(SERVICES)}", code="unknown_action")
    parameters = inspect.signature(SERVICES[action]).parameters
    return {
        name: parameter.default is inspect.Parameter.empty
        for name, parameter in parameters.items()
        if name not in _COMMON
    }


def act(
    *,
    point_id: int | str,
    action: str,
    actor: User,
    data: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
) -> FirePoint:
    """Do `action` with `data` (JSON values). Raises BadInput for data that the action does not take, Missing for what it
    needs, and what its service raises."""
    given = dict(data or {})
    fields = fields_of(action)
    unknown = sorted(set(given) - set(fields))
    if unknown:
        raise BadInput(f"“{action}”不收这些内容：{'、'.join(unknown)}；可用：{'、'.join(fields) or '无'}", where="data")
    lists = lists_of(action)
    for name, value in given.items():
        if name in lists and not isinstance(value, list | tuple):
            raise BadInput("应为列表", where=name)
        if name not in lists and not isinstance(value, str | int | None):
            raise BadInput("应为文字", where=name)
        if isinstance(value, str) and "\x00" in value:
            raise BadInput("文字里有空字符", where=name)
    lacking = [name for name, is_required in fields.items() if is_required and given.get(name) in (None, "")]
    if lacking:
        raise Missing(lacking)
    done = SERVICES[action](point_id=point_id, actor=actor, expected_version=expected_version, **_texts(given, lists))
    faults.point("act.committed")
    return done


def _texts(given: Mapping[str, Any], lists: set[str]) -> dict[str, Any]:
    """Scalars as text, as the services take them; what was not given is left to their defaults."""
    return {name: value if name in lists else str(value) for name, value in given.items() if value is not None}
