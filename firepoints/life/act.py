"""One door for the API, the command and the pages: an action by name with its data, done by its own service."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from core import faults
from core.errors import BadInput, Missing
from core.transitions import Transition
from firepoints import forming, life
from firepoints.models import FirePoint
from firepoints.policy.seconding import Second
from firepoints.steps.workflow import BY_ACTION, LIFE, Facts
from grids.models import User

faults.register({"act.committed": "the act stands, the answer is lost: a second try is refused and changes nothing"})

# Every file beside this one and of `forming`, so that no service of an act can be forgotten: each attaches itself to its
# transition. Not the doors that stand on this one.
DOORS = ("answers", "proposing")
for _room in (life, forming):
    for _file in iter_modules(_room.__path__):
        if (_room, _file.name) not in [(life, door) for door in DOORS]:
            import_module(f"{_room.__name__}.{_file.name}")


def transition_of(action: str) -> Transition[Facts]:
    """The row of the table. Raises BadInput for an unknown action."""
    if action not in BY_ACTION:
        raise BadInput(f"没有“{action}”这个操作，可用：{'、'.join(BY_ACTION)}", code="unknown_action")
    return BY_ACTION[action]


def act(
    *,
    point_id: int | str,
    action: str,
    actor: User,
    data: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """Do `action` with `data` (JSON values). Raises BadInput for data that the action does not take, Missing for what it
    needs, NeedsAnother for what takes two persons (`proposing.act_or_propose` asks for it then; `second` is who accepted),
    and what its service raises."""
    values = dict(data or {})
    transition = transition_of(action)
    fields, lists = transition.fields, transition.lists
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise BadInput(f"“{action}”不收这些内容：{'、'.join(unknown)}；可用：{'、'.join(fields) or '无'}", where="data")
    for name, value in values.items():
        if name in lists and not isinstance(value, list | tuple):
            raise BadInput("应为列表", where=name)
        if name not in lists | transition.free and not isinstance(value, str | int | None):
            raise BadInput("应为文字", where=name)
        if _has_null(value):
            raise BadInput("文字里有空字符", where=name)
    lacking = [name for name, is_required in fields.items() if is_required and values.get(name) in (None, "")]
    if lacking:
        raise Missing(lacking)
    service = LIFE.services[action]
    two = {} if second is None else {"second": second}
    point: FirePoint = service(
        point_id=point_id,
        actor=actor,
        expected_version=expected_version,
        **_texts(values, lists | transition.free),
        **two,
    )
    if second is None:  # else the acceptance around it commits
        faults.point("act.committed")
    return point


def _texts(values: Mapping[str, Any], as_they_are: frozenset[str]) -> dict[str, Any]:
    """Scalars as text, as the services take them; what was not given is left to their defaults."""
    return {name: value if name in as_they_are else str(value) for name, value in values.items() if value is not None}


def _has_null(value: Any) -> bool:
    """Whether a text in it holds a null character, which no database keeps."""
    if isinstance(value, Mapping):
        return any(_has_null(part) for part in value.values())
    return any(map(_has_null, value)) if isinstance(value, list | tuple) else isinstance(value, str) and "\x00" in value
