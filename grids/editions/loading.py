"""Loading an edition, inactive: from files, or from cells that are already in memory (C2)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Conflict
from grids.editions.columns import signature_of
from grids.editions.files import BordersRead, Part, Plan, Progress, RawCell, place_of, read_borders
from grids.editions.parents import parent_codes
from grids.geo.areas import area_m2
from grids.models import Cell, ColumnMemory, Edition, User
from grids.roles import LEVEL_LABELS, LEVELS, Level
from journal.record.services import record

_BATCH = 500
_REPAIRS_TOLD = 100


@dataclass(frozen=True, slots=True)
class Loaded:
    """An edition that was loaded, or was there already; what was repaired, left out, and should be said."""

    edition: Edition
    is_new: bool
    repairs: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: int = 0


def edition_import(
    *,
    name: str,
    levels: Mapping[str, Path],
    datum: str = "wgs84",
    mapping: Mapping[str, str] | None = None,
    actor: User,
    note: str = "",
) -> tuple[Edition, bool]:
    """`edition_load` of one file per level; returns the edition and whether it is new."""
    plan = Plan([Part(level, path) for level, path in levels.items()], datum=datum, mapping=mapping or {})
    loaded = edition_load(name=name, plan=plan, actor=actor, note=note)
    return loaded.edition, loaded.is_new


def edition_load(*, name: str, plan: Plan, actor: User, note: str = "", progress: Progress | None = None) -> Loaded:
    """Load an edition from files, inactive. Columns that were named are remembered for files with the same columns.

    The same name with the same content is the same edition; with other content it raises Conflict. Raises BadInput, naming
    feature, code and place, when anything in the files is wrong: then nothing is loaded.
    """
    name = name_checked(name)
    if plan.recall is None:
        plan = replace(plan, recall=columns_remembered)
    read = read_borders(plan, progress)
    (progress or (lambda *_: None))("写入", 1, 1)
    edition, is_new = edition_store(
        name=name, cells=read.cells, datum=plan.datum, actor=actor, note=note, repairs=read.repairs
    )
    _remember(read)
    return Loaded(edition, is_new, read.repairs, read.notes, read.skipped)


def name_checked(name: str) -> str:
    """The name of an edition without the spaces around it. Raises BadInput."""
    name = name.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise BadInput("版本名应为 1–80 字", where="--edition")
    return name


def columns_remembered(columns: Sequence[str]) -> Mapping[str, str]:
    """The mapping that was used the last time for a file with exactly these columns; {} if none was."""
    memory = ColumnMemory.objects.filter(signature=signature_of(columns)).first()
    return dict(memory.mapping) if memory else {}


def _remember(read: BordersRead) -> None:
    for signature, mapping in read.columns.items():
        if mapping:
            facts = {"mapping": mapping, "used_at": clock.now()}
            ColumnMemory.objects.update_or_create(signature=signature, defaults=facts)


def edition_store(
    *,
    name: str,
    cells: Sequence[RawCell],
    datum: str,
    actor: User,
    note: str = "",
    repairs: Sequence[Mapping[str, Any]] = (),
) -> tuple[Edition, bool]:
    """`edition_load` for cells that are already in memory (WGS-84), such as the demonstration's. `repairs` are the shapes
    that a person let be mended; they go on record with the edition."""
    _check_codes(cells)
    cells = sorted(cells, key=lambda cell: LEVELS.index(Level(cell.level)))
    parents = parent_codes(cells)
    shapes = np.empty(len(cells), dtype=object)
    shapes[:] = [None if cell.geometry is None or cell.geometry.is_empty else cell.geometry for cell in cells]
    wkb = [bytes(shape) if shape is not None else b"" for shape in shapely.to_wkb(shapes, byte_order=1)]
    content_hash = _content_hash(cells, parents, wkb)
    existing = Edition.objects.filter(name=name).first()
    if existing:
        return _same(existing, content_hash), False
    edition = Edition(
        name=name,
        datum=datum,
        content_hash=content_hash,
        is_synthetic=any(cell.is_synthetic for cell in cells),
        note=note,
        created_at=clock.now(),
    )
    try:
        _store(edition, cells, parents, wkb, area_m2(shapes), actor, repairs)
    except IntegrityError:
        # Another process imported the same name in the meantime; anything else is a defect and is raised again.
        return _same(Edition.objects.get(name=name), content_hash), False
    return edition, True


def _same(existing: Edition, content_hash: str) -> Edition:
    if existing.content_hash != content_hash:
        raise Conflict(
            f"已有名为“{existing.name}”的边界版本，内容不同；请换一个版本名。",
            code="edition_differs",
            details={"edition": existing.name, "content_hash": existing.content_hash},
        )
    return existing


def _check_codes(cells: Sequence[RawCell]) -> None:
    first: dict[str, RawCell] = {}
    for cell in cells:
        twin = first.setdefault(cell.code, cell)
        if twin is not cell:
            both = "与".join(
                f"{LEVEL_LABELS[Level(raw.level)]}第 {raw.feature} 个要素（{raw.name}，位置 {place_of(raw.geometry)}）"
                for raw in (twin, cell)
            )
            is_one = twin.name == cell.name and twin.level == cell.level
            hint = "；是一个网格的几块（飞地）的，可以合为一个（--join-parts）" if is_one else ""
            raise BadInput(
                f"代码 {cell.code} 重复：{both}{hint}",
                code="duplicate_code",
                details={
                    "cell_code": cell.code,
                    "features": [twin.feature, cell.feature],
                    "place": place_of(cell.geometry),
                },
            )


def _content_hash(cells: Sequence[RawCell], parents: Mapping[str, str], wkb: Sequence[bytes]) -> str:
    """sha256 over (level, code, name, parent code, WKB) in code order, each with its length before it."""
    digest = hashlib.sha256()
    for at in sorted(range(len(cells)), key=lambda position: (cells[position].level, cells[position].code)):
        cell = cells[at]
        for text in (cell.level, cell.code, cell.name, parents[cell.code]):
            data = text.encode()
            digest.update(len(data).to_bytes(4, "big") + data)
        digest.update(len(wkb[at]).to_bytes(8, "big") + wkb[at])
    return digest.hexdigest()


@transaction.atomic
def _store(
    edition: Edition,
    cells: Sequence[RawCell],
    parents: Mapping[str, str],
    wkb: Sequence[bytes],
    areas: Any,
    actor: User,
    repairs: Sequence[Mapping[str, Any]],
) -> None:
    edition.save(force_insert=True)
    ids: dict[str, int] = {}
    for level in LEVELS:
        rows = [
            Cell(
                edition=edition,
                level=level,
                code=cell.code,
                name=cell.name,
                parent_id=ids.get(parents[cell.code]),
                geometry=wkb[at] or None,
                area_m2=round(float(areas[at])) if wkb[at] else None,
            )
            for at, cell in enumerate(cells)
            if cell.level == level
        ]
        Cell.objects.bulk_create(rows, batch_size=_BATCH)
        ids |= dict(edition.cells.filter(level=level).values_list("code", "pk"))
    counts = Counter(cell.level for cell in cells)
    after: dict[str, Any] = {
        "name": edition.name,
        "datum": edition.datum,
        "content_hash": edition.content_hash,
        "cells": counts,
    }
    if repairs:
        first_repairs = [
            {key: repair[key] for key in ("code", "feature", "message")} for repair in repairs[:_REPAIRS_TOLD]
        ]
        after |= {"repaired": len(repairs), "repairs": first_repairs}
    record("grid.imported", edition, actor, after=after, reason=edition.note)
