"""Loading a policy pack: a city's rule, payers, rulings and titles as data (policy.md §8). Nothing in code names a city."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from core.errors import BadInput, Conflict, Refused
from firepoints.models import Ruling, Source
from firepoints.policy.ruling_acts import require_before_no_batch
from firepoints.policy.ruling_kinds import kinds
from firepoints.sightings.sources import source_set
from grids.editions.divisions import division_table_load
from grids.models import Payer, PayerArea, User
from grids.people.payers import payer_area_set, payer_set
from journal.record.services import deployment_set, record
from penalties.models import Rule
from penalties.rules.pricing import RuleError, parse, parse_all

_ONLY = {"name", "title", "document", "root", "titles", "rules", "payers", "payer_areas", "rulings", "sources"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows of each kind were new; all zero the second time."""

    name: str
    rules: int
    payers: int
    payer_areas: int
    rulings: int
    sources: int


def read_pack(folder: Path) -> dict[str, Any]:
    """`pack.toml` of a folder. Raises BadInput with the file and what is wrong in it."""
    path = folder / "pack.toml" if folder.is_dir() else folder
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"找不到政策包 {path.name}", where=str(folder)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"政策包不是有效的 TOML：{error}", where=path.name) from error
    unknown = set(data) - _ONLY
    if unknown or "name" not in data:
        raise BadInput(f"政策包里有不认识的部分：{'、'.join(sorted(unknown)) or '缺少 name'}", where=path.name)
    return data


@transaction.atomic
def pack_load(*, folder: Path, actor: User, is_demo: bool | None = None) -> Loaded:
    """Load a pack, each new rule, payer, payer area, ruling and source by the journaled act of its own.

    What stands already as the pack says is left; where anything stands otherwise the whole pack is refused, with the row:
    rule_differs, payer_differs, area_taken, area_overlaps, ruling_differs, source_differs. A change is a new version or a
    new date, or an act of the bureau, not an edit of the pack.
    """
    data = read_pack(folder)
    deployment_set(actor=actor, name=data["name"], title=data.get("title", ""), is_demo=is_demo)
    loaded = Loaded(
        name=data["name"],
        rules=_rules(data.get("rules", []), actor),
        payers=_payers(data.get("payers", []), actor),
        payer_areas=_payer_areas(data.get("payer_areas", []), data.get("document", ""), actor),
        rulings=_rulings(_all_rulings(data), actor),
        sources=_sources(data.get("sources", []), actor),
    )
    table = (folder if folder.is_dir() else folder.parent) / "divisions.csv"
    if table.is_file():
        division_table_load(path=table, actor=actor)
    counts = {name: number for name, number in asdict(loaded).items() if name != "name"}
    if any(counts.values()):
        record("pack.loaded", ("pack", data["name"]), actor, after=counts)
    return loaded


def _rules(items: list[dict[str, Any]], actor: User) -> int:
    try:
        parsed = [parse(item) for item in items]
        existing = [rule.definition for rule in Rule.objects.all()]
        registered = {(e["code"], e["version"]) for e in existing}
        parse_all([*existing, *(item for item in items if (item.get("code"), item.get("version")) not in registered)])
    except RuleError as error:
        raise BadInput(str(error), where="rules") from error
    new = 0
    for rule, item in zip(parsed, items, strict=True):
        stored = Rule.objects.filter(code=rule.code, version=rule.version).first()
        if stored and stored.definition != item:
            parts = sorted(
                name for name in {*stored.definition, *item} if stored.definition.get(name) != item.get(name)
            )
            raise Conflict(
                f"规则 {rule.ref} 已经登记，内容不同（{'、'.join(parts)}）；修改要用新的版本号", code="rule_differs"
            )
        if stored:
            continue
        stored = Rule.objects.create(
            code=rule.code,
            version=rule.version,
            title=rule.title,
            document_no=rule.document_no,
            clause=rule.clause,
            valid_from=rule.valid_from,
            valid_to=rule.valid_to,
            definition=item,
        )
        record("rule.added", stored, actor, after=item)
        new += 1
    return new


def _payers(items: list[dict[str, Any]], actor: User) -> int:
    """The payers in the order of the pack, which is that of the finance table."""
    stored = {payer.code: payer for payer in Payer.objects.all()}
    new = 0
    for position, item in enumerate(items, 1):
        where = f"payers 第 {position} 条"
        _only(item, {"code", "name", "group"}, where)
        code, name, group = _text(item, "code", where), _text(item, "name", where), str(item.get("group", ""))
        payer = stored.get(code)
        if payer is None:
            with _at(where):
                stored[code] = payer_set(code=code, name=name, group=group, position=position, actor=actor)
            new += 1
        elif (payer.name, payer.group, payer.position) != (name, group, position):
            raise Conflict(
                f"{where}：扣缴单位 {code} 已登记为“{payer.name}”（组“{payer.group}”，表内第 {payer.position}），"
                f"政策包写的是“{name}”（组“{group}”，表内第 {position}）；要改，由市局经办在“扣缴单位”登记",
                code="payer_differs",
            )
    return new


def _payer_areas(items: list[dict[str, Any]], document: str, actor: User) -> int:
    """The payer map, the earliest ruling of a cell first. A row that names no document rests on the pack's own."""
    payers = {payer.code: payer for payer in Payer.objects.all()}
    rows = [(f"payer_areas 第 {at} 条", item) for at, item in enumerate(items, 1)]
    before = PayerArea.objects.count()
    for where, item in sorted(rows, key=lambda row: _day(row[1].get("valid_from"), row[0])):
        _only(item, {"cell", "payer", "valid_from", "valid_to", "document_no"}, where)
        cell, code = _text(item, "cell", where), _text(item, "payer", where)
        if code not in payers:
            raise BadInput(f"没有扣缴单位 {code}：先在 payers 里写明", where=where)
        with _at(where):
            payer_area_set(
                cell_code=cell,
                payer=payers[code],
                valid_from=_day(item["valid_from"], where),
                valid_to=_day(item["valid_to"], where) if "valid_to" in item else None,
                document_no=str(item.get("document_no") or document),
                actor=actor,
            )
    return PayerArea.objects.count() - before


def _all_rulings(data: dict[str, Any]) -> list[dict[str, Any]]:
    first = min((str(r["valid_from"]) for r in data.get("rules", [])), default="2000-01-01")
    own = list(data.get("rulings", []))
    for key in ("titles", "root"):
        if data.get(key):
            own.append({"key": key, "valid_from": first, "value": data[key]})
    return own


def _rulings(items: list[dict[str, Any]], actor: User) -> int:
    new = 0
    for at, item in enumerate(items, 1):
        where = f"rulings 第 {at} 条"
        key, valid_from = _text(item, "key", where), _day(item.get("valid_from"), where)
        if "value" not in item:
            raise BadInput("缺少 value", where=where)
        with _at(where):
            value = kinds()[key].require(item["value"]) if key in kinds() else item["value"]
        facts = {"value": value, "document_no": item.get("document_no", ""), "note": item.get("note", "")}
        if not Ruling.objects.filter(key=key, valid_from=valid_from).exists():
            with _at(where):
                require_before_no_batch(valid_from)
        ruling, created = Ruling.objects.get_or_create(key=key, valid_from=valid_from, defaults=facts)
        stored = {name: getattr(ruling, name) for name in facts}
        if stored != facts:
            raise Conflict(
                f"{where}：“{key}”从 {valid_from} 起已有不同的裁定：{stored}，政策包写的是 {facts}；改变要写新的日期",
                code="ruling_differs",
            )
        if created:
            record("ruling.added", ruling, actor, after={"key": ruling.key, "value": ruling.value})
        new += created
    return new


def _sources(items: list[dict[str, Any]], actor: User) -> int:
    before = Source.objects.count()
    for at, item in enumerate(items, 1):
        where = f"sources 第 {at} 条"
        facts = {name: value for name, value in item.items() if name != "code"}
        with _at(where):
            source_set(code=_text(item, "code", where), actor=actor, **facts)
    return Source.objects.count() - before


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Adds the row of the pack to a refusal of the act within."""
    try:
        yield
    except Refused as refused:
        message = refused.message if refused.message.startswith(where) else f"{where}：{refused.message}"
        raise Refused(message, code=refused.code, details={"where": where, **refused.details}) from refused


def _only(item: dict[str, Any], names: set[str], where: str) -> None:
    if unknown := sorted(set(item) - names):
        raise BadInput(f"不认识的项目：{'、'.join(unknown)}；可写：{'、'.join(sorted(names))}", where=where)


def _text(item: dict[str, Any], name: str, where: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"缺少 {name}（写成文字，加引号）", where=where)
    return value.strip()


def _day(value: Any, where: str) -> date:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise BadInput(f"日期“{value}”应写成 YYYY-MM-DD", where=where) from error
