"""Loading an edition through the page: files kept, looked at, read and loaded by a worker, with progress (C2).

Each step is a job in pieces: nothing is written but this import's own row, until the load, which is one transaction and
harmless to repeat. A step that finds the row moved on by somebody else stops.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from core import clock
from core.errors import BadInput, Conflict, Refused, StaleVersion
from grids.editions.border_files import ARCHIVES, SIDECARS, SUFFIXES, sources_in
from grids.editions.files import Part, Plan, read_borders
from grids.editions.loading import columns_remembered, edition_load, name_checked
from grids.editions.preview import datum_doubts, preview_collection, source_facts
from grids.editions.reports import edition_report
from grids.models import Edition, EditionImport, User
from journal.jobs import jobs
from journal.record import digests, sealing
from papers.layers import door

State = EditionImport.State
JOB: Final = "grids.edition_import"
MAX_UPLOAD_BYTES: Final = 250 * 1024**2
KEPT_S: Final = 7 * 86400
PREVIEW: Final = "preview.geojson"
_AT_WORK = (State.READING, State.LOADING)


class Upload(Protocol):
    """What Django gives for an uploaded file."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]: ...


def folder_of(row: EditionImport) -> Path:
    """The folder of the files of an import."""
    return Path(settings.JINSHAO_HOME) / "borders" / str(row.uuid)


def is_at_work(row: EditionImport) -> bool:
    """Whether a worker has the import, or is to take it."""
    return row.state in _AT_WORK or (row.state == State.UPLOADED and "sources" not in row.report)


def import_start(*, name: str, files: Iterable[Upload], actor: User, note: str = "") -> EditionImport:
    """Keep the files of a new import and have them looked at. Raises BadInput for a name, a kind or a size that is
    wrong, Conflict when an edition of that name is there."""
    name = name_checked(name)
    if Edition.objects.filter(name=name).exists():
        raise Conflict(f"已有名为“{name}”的边界版本；请换一个版本名。", code="edition_differs")
    uploads = list(files)
    _check_uploads(uploads)
    _clear_old()
    row = EditionImport(name=name, note=note, actor=actor, created_at=clock.now())
    folder = folder_of(row)
    folder.mkdir(parents=True)
    try:
        row.files = [_keep(folder, upload) for upload in uploads]
        with transaction.atomic():
            row.save(force_insert=True)
            _hand_over(row)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return row


def _check_uploads(uploads: list[Upload]) -> None:
    if not uploads:
        raise BadInput("请选择文件", where="文件", code="no_file")
    for upload in uploads:
        suffix = Path(upload.name or "").suffix.lower()
        if suffix not in (*SUFFIXES, *SIDECARS, *ARCHIVES):
            kinds = "、".join((*SUFFIXES, *ARCHIVES))
            raise BadInput(
                f"不认识的文件；可用：{kinds}（Shapefile 连同 .shx .dbf .prj）",
                where=str(upload.name),
                code="unknown_kind",
            )
    total = sum(upload.size or 0 for upload in uploads)
    if total > MAX_UPLOAD_BYTES:
        raise BadInput(
            f"文件共 {total / 1024**2:,.0f} MB，网页一次最多 {MAX_UPLOAD_BYTES // 1024**2} MB；"
            "请打成 zip（边界文件一般缩到几分之一），或每级一个文件分开，或用命令 grid import",
            where=str(uploads[0].name),
            code="too_large",
        )


def _keep(folder: Path, upload: Upload) -> dict[str, Any]:
    """Write one upload under its own last name, in pieces. Shapefile parts must keep their common name."""
    name = Path((upload.name or "").replace("\\", "/")).name[:150]
    target = folder / name
    if not name.isprintable() or name.startswith(".") or target.exists():
        raise BadInput("文件名重复或不可用", where=name or "文件", code="bad_name")
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as out:
        for chunk in upload.chunks():
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
    return {"name": name, "size": size, "sha256": digest.hexdigest()}


def _clear_old() -> None:
    limit = time.time() - KEPT_S
    for folder in (Path(settings.JINSHAO_HOME) / "borders").glob("*"):
        if folder.is_dir() and folder.stat().st_mtime < limit:
            shutil.rmtree(folder, ignore_errors=True)


def _hand_over(row: EditionImport) -> None:
    jobs.enqueue(JOB, f"{row.uuid}:{row.attempt}", {"import": str(row.uuid), "attempt": row.attempt})


def import_read(*, row: EditionImport, options: Mapping[str, Any]) -> None:
    """Have the files read as described, for a preview; nothing is loaded. Raises BadInput, StaleVersion."""
    plan_of(row, options)
    _move(row, (State.UPLOADED, State.REFUSED, State.READ), State.READING, options=dict(options))


def import_load(*, row: EditionImport) -> None:
    """Have what was previewed loaded as an inactive edition, and checked. Raises StaleVersion when it is not the
    moment."""
    _move(row, (State.READ,), State.LOADING)


@transaction.atomic
def _move(row: EditionImport, sources: tuple[str, ...], to: str, **changes: Any) -> None:
    rows = EditionImport.objects.filter(pk=row.pk, attempt=row.attempt, state__in=sources)
    if is_at_work(row) or not rows.update(state=to, attempt=F("attempt") + 1, stage="排队", done=0, total=0, **changes):
        raise StaleVersion("这次导入已经往前走了，请刷新后看。")
    row.refresh_from_db()
    _hand_over(row)


def plan_of(row: EditionImport, options: Mapping[str, Any]) -> Plan:
    """The options of the page as a plan. Raises BadInput when no layer was chosen."""
    parts, mapping = [], {}
    for chosen in options.get("parts", ()):
        level = chosen["level"]
        parts.append(Part(level, folder_of(row) / chosen["file"], chosen.get("layer", "")))
        prefix = "" if level == "*" else f"{level}."
        for field, key in (("code", "code"), ("name", "name"), ("parent", "parent"), ("level", "level_column")):
            if chosen.get(key) and (field != "level" or not prefix):
                mapping[f"{prefix}{field}"] = chosen[key]
    if not parts:
        raise BadInput("请至少为一个图层选定级别", where="级别", code="unknown_level")
    return Plan(
        parts,
        datum=options.get("datum", "wgs84"),
        crs=options.get("crs", ""),
        mapping=mapping,
        level_words=options.get("level_words", {}),
        accept_repairs=bool(options.get("accept_repairs")),
        join_parts=bool(options.get("join_parts")),
        only_known=True,
        opening=OPENING,
    )


@jobs.handler(JOB, lease_s=900, max_attempts=3, in_pieces=True, label="导入边界版本")
def work(payload: dict[str, Any]) -> None:
    """The job of an import: do the step that its row waits for."""
    row = EditionImport.objects.filter(uuid=UUID(payload["import"]), attempt=payload["attempt"]).first()
    if row is None or not is_at_work(row):
        return
    jobs.stand_back()
    steps = {State.UPLOADED: _look, State.READING: _read, State.LOADING: _load}
    try:
        steps[State(row.state)](row)
    except Refused as refused:
        refusal = {"message": refused.message, "code": refused.code, **digests.plain(refused.details)}
        _settle(row, State.REFUSED, report={**row.report, "refused": refusal})
    except (jobs.LeaseLost, jobs.Later):
        raise
    except Exception:
        # A defect: the job's failure is on the page of tasks; the import must not look as if it were still at work.
        refusal = {"message": "程序出错，没有载入任何网格；已经记下，请告诉管理员，或改了再试。", "code": "defect"}
        _settle(row, State.REFUSED, report={**row.report, "refused": refusal})
        raise


def _meanwhile() -> None:
    """What a worker does while it waits for the reader of a file: the record goes on, and the lease is kept."""
    sealing.seal_pending()
    jobs.renew()


OPENING: Final = door.Opening(meanwhile=_meanwhile)


def _tell(row: EditionImport) -> Any:
    """A progress function for one row: it keeps the lease too."""

    def tell(stage: str, done: int, total: int) -> None:
        _mine(row).update(stage=stage[:80], done=min(done, total), total=total)
        jobs.renew()

    return tell


def _mine(row: EditionImport) -> Any:
    return EditionImport.objects.filter(pk=row.pk, attempt=row.attempt, state=row.state)


def _settle(row: EditionImport, state: str, **changes: Any) -> None:
    _mine(row).update(state=state, stage="", done=0, total=0, **changes)


def _look(row: EditionImport) -> None:
    """Store the layers and columns of the files; the row stays UPLOADED and waits for the person's choice."""
    tell = _tell(row)
    paths = sorted(folder_of(row).glob("*"))
    sources = []
    for at, path in enumerate(path for path in paths if path.suffix.lower() not in SIDECARS):
        tell(f"看 {path.name}", at, len(paths))
        with tempfile.TemporaryDirectory(prefix="jinshao-borders-") as folder:
            for source in sources_in([path], Path(folder), opening=OPENING):
                sources.append(source_facts(source, file=path.name, recall=columns_remembered, opening=OPENING))
    if not sources:
        raise BadInput(
            "没有边界文件（只有 Shapefile 的附属文件）；请选 .shp、.gpkg、.geojson、.kml 或 zip", code="no_file"
        )
    _settle(row, State.UPLOADED, report=digests.plain({"sources": sources}))


def _read(row: EditionImport) -> None:
    tell = _tell(row)
    read = read_borders(replace(plan_of(row, row.options), recall=columns_remembered), tell)
    tell("画预览", 1, 1)
    (folder_of(row) / PREVIEW).write_text(
        json.dumps(preview_collection(read.cells), ensure_ascii=False), encoding="utf-8"
    )
    report = {
        "sources": row.report.get("sources", []),
        "cells": dict(Counter(cell.level for cell in read.cells)),
        "undrawn": dict(Counter(cell.level for cell in read.cells if cell.geometry is None)),
        "repairs": read.repairs,
        "notes": read.notes,
        "skipped": read.skipped,
        "doubts": datum_doubts(read.cells, row.options.get("datum", "wgs84")),
        "sample": [{"level": cell.level, "code": cell.code, "name": cell.name} for cell in read.cells[:8]],
    }
    _settle(row, State.READ, report=digests.plain(report))


def _load(row: EditionImport) -> None:
    tell = _tell(row)
    plan = plan_of(row, row.options)
    loaded = edition_load(name=row.name, plan=plan, actor=row.actor, note=row.note, progress=tell)
    if not loaded.edition.reports.exists():
        edition_report(edition=loaded.edition, actor=row.actor, progress=tell)
    _settle(row, State.LOADED, edition=loaded.edition, finished_at=clock.now())
    shutil.rmtree(folder_of(row), ignore_errors=True)


CHECK_JOB: Final = "grids.edition_check"


@transaction.atomic
def check_again(*, edition: Edition, actor: User) -> None:
    """Have an edition checked once more; asked twice before a worker comes, it is one job."""
    number = edition.reports.count()
    jobs.enqueue(CHECK_JOB, f"{edition.pk}:{number}", {"edition": edition.pk, "number": number, "actor": actor.pk})


@jobs.handler(CHECK_JOB, lease_s=900, max_attempts=3, in_pieces=True, label="检查边界版本")
def check_work(payload: dict[str, Any]) -> None:
    """The job of `check_again`: check the edition, unless a newer report is there."""
    edition = Edition.objects.filter(pk=payload["edition"]).first()
    if edition is None or edition.reports.count() > payload["number"]:
        return
    actor = User.objects.filter(pk=payload["actor"]).first()
    edition_report(edition=edition, actor=actor, progress=lambda *_: jobs.renew())
