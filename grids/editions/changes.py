"""Code changes of an edition: suggested by shared ground, corrected by a person or a CSV, stored for ever."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from core import clock
from core.errors import BadInput, Refused
from grids.editions.csv_files import csv_rows
from grids.editions.layers import load_layer
from grids.editions.suggestions import Change, suggested_changes
from grids.models import Cell, CellChange, Edition, User
from grids.roles import LEVELS
from journal.record.services import record

Kind = CellChange.Kind
_COLUMNS = {
    "old_code": ("old_code", "原代码"),
    "new_code": ("new_code", "新代码"),
    "kind": ("kind", "变化"),
    "document_no": ("document_no", "依据文件"),
}
_MUST = "要有 原代码、新代码 两列（old_code、new_code）"
_BATCH = 500


def previous_edition(edition: Edition) -> Edition | None:
    """The edition that this one follows: the active one before its date, else (not yet dated) the last in force."""
    others = Edition.objects.filter(state=Edition.State.ACTIVE).exclude(pk=edition.pk)
    if edition.valid_from:
        others = others.filter(valid_from__lt=edition.valid_from)
    return others.order_by("-valid_from").first()


def suggestions(edition: Edition) -> list[Change]:
    """The code changes that the shared ground suggests for each level of both editions. Raises
    Refused("no_previous_edition")."""
    old = _previous(edition)
    changes = []
    for level in LEVELS:
        before, after = load_layer(old, level), load_layer(edition, level)
        if before.codes and after.codes:
            changes += suggested_changes(before, after)
    return changes


def changes_in_force(edition: Edition) -> list[CellChange]:
    """The rows of the latest revision, by level and old code; empty before the first."""
    last = edition.changes.aggregate(last=Max("revision"))["last"]
    order = {str(level): at for at, level in enumerate(LEVELS)}
    rows = edition.changes.filter(revision=last).select_related("actor") if last else CellChange.objects.none()
    return sorted(rows, key=lambda row: (order[row.level], row.old_code or "~", row.new_code))


@transaction.atomic
def changes_store(
    *, edition: Edition, changes: Sequence[Change], actor: User, is_suggested: bool, reason: str = ""
) -> int:
    """Put a whole new revision in force; the earlier ones stay readable. Returns its number.

    Raises BadInput for a pair twice or a code that the edition does not have, Refused without an edition before.
    """
    old = _previous(edition)
    _check(edition, old, changes)
    last = edition.changes.aggregate(last=Max("revision"))["last"] or 0
    now = clock.now()
    CellChange.objects.bulk_create(
        [
            CellChange(
                edition=edition,
                old_edition=old,
                revision=last + 1,
                kind=change.kind,
                level=change.level,
                old_code=change.old_code,
                new_code=change.new_code,
                old_name=change.old_name,
                new_name=change.new_name,
                share=change.share,
                document_no=change.document_no,
                is_suggested=is_suggested,
                actor=actor,
                made_at=now,
            )
            for change in changes
        ],
        batch_size=_BATCH,
    )
    after = {"revision": last + 1, "rows": len(changes), "suggested": is_suggested, "old_edition": old.name}
    record("grid.codes_mapped", edition, actor, before={"revision": last}, after=after, reason=reason)
    return last + 1


def changes_read(*, edition: Edition, path: Path) -> list[Change]:
    """A CSV (UTF-8 or GBK) with 原代码 and 新代码, optionally 变化 and 依据文件, as changes with names and levels filled in.

    Raises BadInput with the line for a code that neither edition has.
    """
    old = _previous(edition)
    before, after = _cells(old), _cells(edition)
    rows, pairs = [], set()
    for line, fields in csv_rows(path, _COLUMNS, must=("old_code", "new_code"), missing_message=_MUST):
        where = f"{path.name} 第 {line} 行"
        old_code, new_code = fields["old_code"], fields["new_code"]
        if not old_code and not new_code:
            raise BadInput("原代码、新代码都是空的", where=where, code="bad_row")
        for code, cells, edition_name in ((old_code, before, old.name), (new_code, after, edition.name)):
            if code and code not in cells:
                raise BadInput(f"“{edition_name}”里没有代码 {code}", where=where, code="unknown_code")
        if (old_code, new_code) in pairs:
            raise BadInput(f"{old_code} → {new_code} 写了两次", where=where, code="bad_row")
        pairs.add((old_code, new_code))
        old_level, old_name = before.get(old_code, ("", ""))
        new_level, new_name = after.get(new_code, ("", ""))
        if old_code and new_code and old_level != new_level:
            raise BadInput(f"{old_code} 与 {new_code} 不是同一级", where=where, code="bad_row")
        kind = _kind(fields["kind"], old_code, new_code, old_name, new_name, where)
        rows.append(
            Change(kind, old_level or new_level, old_code, new_code, old_name, new_name, None, fields["document_no"])
        )
    if not rows:
        raise BadInput("没有一行数据", where=path.name, code="empty_file")
    return rows


def _kind(text: str, old_code: str, new_code: str, old_name: str, new_name: str, where: str) -> str:
    stated_kind = next((kind.value for kind in Kind if text in (kind.value, kind.label)), "")
    if text and not stated_kind:
        raise BadInput(f"不认识的变化“{text}”；可用：{'、'.join(Kind.labels)}", where=where, code="bad_row")
    if stated_kind:
        return stated_kind
    if not old_code:
        return Kind.NEW
    if not new_code:
        return Kind.ENDED
    return Kind.RECODED if old_code != new_code else (Kind.RENAMED if old_name != new_name else Kind.MOVED)


def _previous(edition: Edition) -> Edition:
    old = previous_edition(edition)
    if old is None:
        raise Refused(f"“{edition.name}”之前没有启用的版本，没有代码要对应。", code="no_previous_edition")
    return old


def _cells(edition: Edition) -> dict[str, tuple[str, str]]:
    return {
        code: (level, name)
        for code, level, name in Cell.objects.filter(edition=edition).values_list("code", "level", "name")
    }


def _check(edition: Edition, old: Edition, changes: Sequence[Change]) -> None:
    before, after = _cells(old), _cells(edition)
    pairs = [(change.old_code, change.new_code) for change in changes]
    twice = {pair for pair in pairs if pairs.count(pair) > 1} if len(set(pairs)) < len(pairs) else set()
    if twice:
        raise BadInput(f"同一对代码写了两次：{sorted(twice)[0]}", code="bad_row")
    for old_code, new_code in pairs:
        if (old_code and old_code not in before) or (new_code and new_code not in after):
            raise BadInput(f"版本里没有代码 {old_code or new_code}", code="unknown_code")
