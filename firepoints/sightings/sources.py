"""The act on sources: what stands in the register of sources decides whether a finding can be charged (policy.md §3)."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing
from firepoints.models import Source
from firepoints.sightings.importing.reading import DATUMS, PARSERS
from grids.models import User
from journal.record.services import record

FIELDS: Final = ("name", "authority", "kind", "source_class", "parser", "datum", "position")
_REQUIRED: Final = ("name", "authority", "kind", "source_class", "parser")


@transaction.atomic
def source_set(*, code: str, actor: User | None, **facts: Any) -> Source:
    """Add a source to the register; the same source again changes nothing. `facts` are some of FIELDS.

    A source is never edited: what was imported under it rests on its class. Raises BadInput for an unknown field or value,
    Missing, Conflict (source_differs) when the register says otherwise.
    """
    if unknown := sorted(set(facts) - set(FIELDS)):
        raise BadInput(f"来源没有这一项：{'、'.join(unknown)}", where=code)
    source = Source.objects.filter(code=code).first()
    if source is not None:
        return _same_source(source, facts)
    if missing := [name for name in _REQUIRED if not facts.get(name)]:
        raise Missing([f"来源 {code} 的 {name}" for name in missing])
    source = Source(code=code, **facts)
    _require_readable(source)
    try:
        with transaction.atomic():
            source.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"来源 {code} 刚刚由他人登记，请核对。", code="source_differs") from error
    record("source.set", source, actor, after={"code": code, **{name: getattr(source, name) for name in FIELDS}})
    return source


def _same_source(source: Source, facts: dict[str, Any]) -> Source:
    differences = [
        (name, getattr(source, name), value) for name, value in facts.items() if getattr(source, name) != value
    ]
    if differences:
        words = "；".join(f"{name} 已登记为“{before}”，这里是“{value}”" for name, before, value in differences)
        raise Conflict(f"来源 {source.code} 已经登记，内容不同：{words}。", code="source_differs")
    return source


def _require_readable(source: Source) -> None:
    try:
        source.clean_fields()
    except ValidationError as error:
        fields = "；".join(f"{name}：{'，'.join(words)}" for name, words in error.message_dict.items())
        raise BadInput(fields, where=f"来源 {source.code}") from error
    if source.datum not in DATUMS:
        raise BadInput(f"不认识的坐标系“{source.datum}”，可用：{'、'.join(DATUMS)}", where=f"来源 {source.code}")
    if source.parser not in PARSERS:
        raise BadInput(f"没有读取方式 {source.parser}；可用：{'、'.join(sorted(PARSERS))}", where=f"来源 {source.code}")
