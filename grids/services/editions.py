"""The acts on boundary editions: import, activate (C2). The check is in edition_check.py."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django.db import IntegrityError, transaction

from grids import guards
from grids.areas import area_m2
from grids.models import Cell, Edition, User
from grids.roles import LEVEL_LABELS, LEVELS, Level
from grids.services.edition_check import edition_check
from grids.services.edition_files import RawCell, place_of, read_levels
from grids.services.edition_turns import hold_editions
from grids.services.parents import parent_codes
from journal import clock
from journal.errors import BadInput, Conflict, Missing, NotAllowed, Refused
from journal.services import record

__all__ = ["edition_activate", "edition_check", "edition_import", "edition_named", "edition_store"]

_BATCH = 500


def edition_named(name: str) -> Edition:
    """The edition of that name. Raises Refused("no_edition")."""
    edition = Edition.objects.filter(name=name).first()
    if edition is None:
        raise Refused(f"没有名为“{name}”的边界版本；请先 grid import。", code="no_edition")
    return edition


def edition_import(
    *,
    name: str,
    levels: Mapping[str, Path],
    datum: str = "wgs84",
    mapping: Mapping[str, str] | None = None,
    actor: User,
    note: str = "",
) -> tuple[Edition, bool]:
    """Load an edition, inactive, from one file per level; returns it and whether it is new.

    The same name with the same content is the same edition (False); with other content it raises Conflict. Raises
    BadInput, naming feature, code and place, when anything in the files is wrong: then nothing is loaded.
    """
    name = name.strip()
    if not name or len(name) > 80:
        raise BadInput("版本名应为 1–80 字", where="--edition")
    cells = read_levels(levels, datum=datum, mapping=mapping or {})
    return edition_store(name=name, cells=cells, datum=datum, actor=actor, note=note)


def edition_store(
    *, name: str, cells: Sequence[RawCell], datum: str, actor: User, note: str = ""
) -> tuple[Edition, bool]:
    """`edition_import` for cells that are already in memory (WGS-84), such as the demonstration's."""
    _check_codes(cells)
    cells = sorted(cells, key=lambda cell: LEVELS.index(Level(cell.level)))
    parents = parent_codes(cells)
    shapes = np.empty(len(cells), dtype=object)
    shapes[:] = [None if cell.geometry is None or cell.geometry.is_empty else cell.geometry for cell in cells]
    wkb = [bytes(shape) if shape is not None else b"" for shape in shapely.to_wkb(shapes, byte_order=1)]
    content_hash = _content_hash(cells, parents, wkb)
    known = Edition.objects.filter(name=name).first()
    if known:
        return _same(known, content_hash), False
    edition = Edition(
        name=name,
        datum=datum,
        content_hash=content_hash,
        is_synthetic=any(cell.is_synthetic for cell in cells),
        note=note,
        created_at=clock.now(),
    )
    try:
        _store(edition, cells, parents, wkb, area_m2(shapes), actor)
    except IntegrityError:
        # Another process imported the same name in the meantime; anything else is a defect and is raised again.
        return _same(Edition.objects.get(name=name), content_hash), False
    return edition, True


def _same(known: Edition, content_hash: str) -> Edition:
    if known.content_hash != content_hash:
        raise Conflict(
            f"已有名为“{known.name}”的边界版本，内容不同；请换一个版本名。",
            code="edition_differs",
            details={"edition": known.name, "content_hash": known.content_hash},
        )
    return known


def _check_codes(cells: Sequence[RawCell]) -> None:
    first: dict[str, RawCell] = {}
    for cell in cells:
        twin = first.setdefault(cell.code, cell)
        if twin is not cell:
            both = "与".join(
                f"{LEVEL_LABELS[Level(one.level)]}第 {one.feature} 个要素（{one.name}，位置 {place_of(one.geometry)}）"
                for one in (twin, cell)
            )
            raise BadInput(
                f"代码 {cell.code} 重复：{both}",
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
    for at in sorted(range(len(cells)), key=lambda one: (cells[one].level, cells[one].code)):
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
    after = {"name": edition.name, "datum": edition.datum, "content_hash": edition.content_hash, "cells": counts}
    record("grid.imported", edition, actor, after=after, reason=edition.note)


@transaction.atomic
def edition_activate(*, name: str, valid_from: date, actor: User, reason: str = "") -> tuple[Edition, bool]:
    """Let an edition rule from a Beijing date; returns it and whether anything changed.

    An active edition may be moved to another date by the same rule. Raises Refused("no_edition"), Missing without a
    county layer (then no payer can be found, C12), Conflict when another edition rules from that very date, NotAllowed
    ("activation_refused") when a guard of an upper app objects, as after the first 认定 of a date that would change.
    """
    hold_editions()
    edition = edition_named(name)
    before = {"state": edition.state, "valid_from": edition.valid_from}
    if edition.state == Edition.State.ACTIVE and edition.valid_from == valid_from:
        return edition, False
    if edition.state == Edition.State.RETIRED:
        raise Conflict(f"边界版本“{name}”已停用，不能再启用；请重新导入为新版本。", code="edition_retired")
    if not edition.cells.filter(level=Level.COUNTY).exists():
        raise Missing(["县（区）图层"], code="no_county_layer")
    active = Edition.objects.filter(state=Edition.State.ACTIVE).exclude(pk=edition.pk)
    rival = active.filter(valid_from=valid_from).first()
    if rival:
        raise Conflict(f"边界版本“{rival.name}”已从 {valid_from} 起启用，同一日期只能有一个版本。", code="date_taken")
    earliest = min(filter(None, (valid_from, edition.valid_from)))
    reasons = guards.reasons_against(edition, earliest)
    if reasons:
        raise NotAllowed(f"不能从 {valid_from} 起启用“{name}”：{'；'.join(reasons)}", code="activation_refused")
    edition.state = Edition.State.ACTIVE
    edition.valid_from = valid_from
    edition.activated_at = clock.now()
    edition.supersedes = active.filter(valid_from__lt=valid_from).order_by("-valid_from").first()
    try:
        with transaction.atomic():
            edition.save(update_fields=["state", "valid_from", "activated_at", "supersedes"])
    except IntegrityError as error:
        raise Conflict(f"另一个边界版本刚刚从 {valid_from} 起启用。", code="date_taken") from error
    after = {"state": edition.state, "valid_from": valid_from}
    record("grid.activated", edition, actor, before=before, after=after, reason=reason)
    return edition, True
