"""Loading a policy pack: a city's rule, payers, rulings and titles as data (policy.md §8). Nothing in code names a city."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from firepoints.models import Ruling, Source
from grids.models import Payer, PayerArea, User
from grids.services.divisions import division_table_load
from journal.errors import BadInput, Conflict
from journal.services import deployment_set, record
from penalties.models import Rule
from penalties.rules import RuleError, parse, parse_all

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
    """Load a pack. What is there already is left; what differs is refused: a change is a new version, not an edit."""
    data = read_pack(folder)
    deployment_set(actor=actor, name=data["name"], title=data.get("title", ""), is_demo=is_demo)
    loaded = Loaded(
        name=data["name"],
        rules=_rules(data.get("rules", []), actor),
        payers=_payers(data.get("payers", [])),
        payer_areas=_payer_areas(data.get("payer_areas", [])),
        rulings=_rulings(_all_rulings(data), actor),
        sources=_sources(data.get("sources", [])),
    )
    table = (folder if folder.is_dir() else folder.parent) / "divisions.csv"
    if table.is_file():
        division_table_load(path=table, actor=actor)
    if any((loaded.rules, loaded.payers, loaded.payer_areas, loaded.rulings, loaded.sources)):
        record(
            "pack.loaded",
            ("pack", data["name"]),
            actor,
            after={"rules": loaded.rules, "payers": loaded.payers, "rulings": loaded.rulings},
        )
    return loaded


def _rules(items: list[dict[str, Any]], actor: User) -> int:
    try:
        parsed = [parse(item) for item in items]
        existing = [rule.definition for rule in Rule.objects.all()]
        known = {(e["code"], e["version"]) for e in existing}
        parse_all([*existing, *(item for item in items if (item.get("code"), item.get("version")) not in known)])
    except RuleError as error:
        raise BadInput(str(error), where="rules") from error
    new = 0
    for rule, item in zip(parsed, items, strict=True):
        stored = Rule.objects.filter(code=rule.code, version=rule.version).first()
        if stored and stored.definition != item:
            raise Conflict(f"规则 {rule.ref} 已经登记，内容不同；修改要用新的版本号", code="rule_differs")
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


def _payers(items: list[dict[str, Any]]) -> int:
    new = 0
    for position, item in enumerate(items, 1):
        _, created = Payer.objects.get_or_create(
            code=item["code"],
            defaults={"name": item["name"], "group": item.get("group", ""), "position": position},
        )
        new += created
    return new


def _payer_areas(items: list[dict[str, Any]]) -> int:
    new = 0
    for item in items:
        _, created = PayerArea.objects.get_or_create(
            cell_code=item["cell"],
            valid_from=_day(item["valid_from"]),
            defaults={"payer": Payer.objects.get(code=item["payer"]), "document_no": item.get("document_no", "")},
        )
        new += created
    return new


def _all_rulings(data: dict[str, Any]) -> list[dict[str, Any]]:
    first = min((str(r["valid_from"]) for r in data.get("rules", [])), default="2000-01-01")
    own = list(data.get("rulings", []))
    for key in ("titles", "root"):
        if data.get(key):
            own.append({"key": key, "valid_from": first, "value": data[key]})
    return own


def _rulings(items: list[dict[str, Any]], actor: User) -> int:
    new = 0
    for item in items:
        ruling, created = Ruling.objects.get_or_create(
            key=item["key"],
            valid_from=_day(item["valid_from"]),
            defaults={
                "value": item["value"],
                "document_no": item.get("document_no", ""),
                "note": item.get("note", ""),
            },
        )
        if not created and ruling.value != item["value"]:
            raise Conflict(
                f"“{item['key']}”从 {item['valid_from']} 起已有不同的裁定；改变要写新的日期", code="ruling_differs"
            )
        if created:
            record("ruling.added", ruling, actor, after={"key": ruling.key, "value": ruling.value})
        new += created
    return new


def _sources(items: list[dict[str, Any]]) -> int:
    new = 0
    for item in items:
        _, created = Source.objects.get_or_create(
            code=item["code"], defaults={k: v for k, v in item.items() if k != "code"}
        )
        new += created
    return new


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise BadInput(f"日期“{value}”应写成 YYYY-MM-DD", where="pack.toml") from error
