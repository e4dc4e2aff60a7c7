"""收存佐证: one file at a time, kept as sent; the device's UUID makes sending again harmless (C10, policy.md §5)."""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import shapely
from django.conf import settings
from django.db import IntegrityError, transaction

from core import faults
from core.errors import BadInput, Conflict, Missing, NotAllowed
from core.room import written_whole
from firepoints.evidence import likeness, proofs
from firepoints.evidence.images import ENDINGS, NotAPhoto, Photo, read_photo
from firepoints.evidence.originals import path_of as path_of
from firepoints.evidence.searching import searched_share
from firepoints.evidence.tracks import NotATrack, read_track
from firepoints.models import Evidence, FirePoint
from firepoints.sightings import footprints
from firepoints.steps import selectors
from grids import selectors as grids
from grids.models import User
from grids.roles import Role
from journal.record.services import record

faults.register(
    {
        "evidence.kept": "a file without a row: harmless, found again by its name when the device sends it again",
        "evidence.recorded": "the same: the row died with its entry",
        "evidence.committed": "stored, the receipt is lost: the device sends it again and gets the same receipt",
    }
)

MAY_FILE = frozenset({Role.BUREAU, Role.RECOGNISER, Role.COUNTY, Role.INSPECTOR})
MOST_BYTES = 30 * 1024 * 1024
Kind = Evidence.Kind


@dataclass(frozen=True, slots=True)
class Position:
    """Where the device says that it was: WGS-84 degrees and metres, or None with the reason."""

    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    missing_because: str = ""


def evidence_store(  # noqa: PLR0913  the act's data
    *,
    point: FirePoint | int | str,
    actor: User,
    uuid: UUID | str,
    file: IO[bytes] | bytes,
    kind: str = Kind.PHOTO,
    lon: Any = None,
    lat: Any = None,
    accuracy_m: Any = None,
    no_position_reason: str = "",
    device_at: datetime | str | None = None,
    filename: str = "",
    caption: str = "",
) -> Evidence:
    """Keep one original and give its receipt. The same UUID with the same content gives the same receipt again.

    `point` is any id or number ever issued: of a merged point the survivor takes it. Written to disk, with fsync,
    before its row. Raises Conflict for a known UUID with another content, BadInput for what cannot be read
    (undecodable, too_small, too_large, animated, polyglot, no_track, no_scan), Missing for a photo with neither position
    nor reason, NoRoom.
    """
    named = str(point.pk if isinstance(point, FirePoint) else point)
    key = _uuid(uuid)
    content = _content(file)
    digest = hashlib.sha256(content).hexdigest()
    if piece := Evidence.objects.filter(uuid=key).first():
        return _receipt(piece, digest, actor)
    target = _target(named, actor)
    position = _position(lon, lat, accuracy_m, no_position_reason)
    facts, where = _examine(kind, content, position)
    row = Evidence(
        uuid=key,
        point=target,
        named_point=named[:40],
        kind=kind,
        stored_as=_keep(content, digest, facts["content_type"]),
        filename=Path(filename.replace("\\", "/")).name[:200],
        sha256=digest,
        size_bytes=len(content),
        lon=position.lon,
        lat=position.lat,
        accuracy_m=position.accuracy_m,
        no_position_reason=position.missing_because,
        footprint_distance_m=_distance(target, where),
        searched_share=_searched(target, where) if kind == Kind.TRACK else None,
        device_at=_device_time(device_at),
        caption=caption[:100],
        uploader=actor,
        **facts,
    )
    return _file(row)


def _file(row: Evidence) -> Evidence:
    facts = {"uuid": str(row.uuid), "sha256": row.sha256, "kind": str(row.kind), "point": row.point_id}
    faults.point("evidence.kept")
    try:
        with transaction.atomic():
            row.save()
            record(
                "evidence.stored", row, row.uploader, after=facts | {"footprint_distance_m": row.footprint_distance_m}
            )
            faults.point("evidence.recorded")
        faults.point("evidence.committed")
    except IntegrityError:
        # The same device sent it twice at once; the other request has won.
        winner = Evidence.objects.filter(uuid=row.uuid).first()
        if winner is None:
            raise
        return _receipt(winner, row.sha256, row.uploader)
    return row


def lacking_of(point: FirePoint) -> list[dict[str, str]]:
    """What the evidence that has arrived at a point lacks yet for a 查否, said at once: [{"key", "words"}]."""
    pieces = Evidence.objects.filter(selectors.filed_for(point))
    return [{"key": lack.key, "words": lack.words} for lack in proofs.lacking_for_denial(point, list(pieces))]


def receipt_of(evidence: Evidence) -> dict[str, Any]:
    """The receipt that the device keeps: enough to prove what was handed in, and to see clock skew (seconds, server − device)."""
    skew_s = (evidence.server_at - evidence.device_at).total_seconds() if evidence.device_at else None
    return {
        "uuid": str(evidence.uuid),
        "point": evidence.point_id,
        "sha256": evidence.sha256,
        "size_bytes": evidence.size_bytes,
        "server_at": evidence.server_at.isoformat(),
        "clock_skew_s": skew_s,
        "footprint_distance_m": evidence.footprint_distance_m,
    }


def _uuid(text: UUID | str) -> UUID:
    try:
        return text if isinstance(text, UUID) else UUID(str(text))
    except ValueError:
        raise BadInput("不是 UUID", where="uuid") from None


def _content(file: IO[bytes] | bytes) -> bytes:
    content = file if isinstance(file, bytes) else file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadInput(f"文件超过 {MOST_BYTES // 1024 // 1024} MB", where="file", code="too_large")
    if not content:
        raise BadInput("文件是空的", where="file", code="undecodable")
    return content


def _receipt(piece: Evidence, digest: str, actor: User) -> Evidence:
    if piece.sha256 != digest or piece.uploader_id != actor.pk:
        raise Conflict("这个编号已经收存了另一件佐证", code="evidence_conflict", details={"uuid": str(piece.uuid)})
    return piece


def _target(named: str, actor: User) -> FirePoint:
    point = selectors.fire_point_for(actor, named)
    if not grids.roles_of(actor) & MAY_FILE:
        raise NotAllowed("您的岗位不能上传佐证")
    return selectors.survivor_of(point)


def _position(lon: Any, lat: Any, accuracy_m: Any, reason: str) -> Position:
    x, y, accuracy = (_number(value, name) for value, name in ((lon, "lon"), (lat, "lat"), (accuracy_m, "accuracy_m")))
    if (x is None) != (y is None):
        raise BadInput("经度和纬度要一起给", where="lon")
    if x is not None and y is not None and not (abs(x) <= 180 and abs(y) <= 90):
        raise BadInput(f"{x}, {y} 不是经纬度", where="lon")
    return Position(x, y, accuracy, "" if x is not None else reason.strip()[:200])


def _number(value: Any, name: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput("应为数字", where=name) from None
    if not math.isfinite(number):
        raise BadInput("应为数字", where=name)
    return number


def _device_time(at: datetime | str | None) -> datetime | None:
    if at in (None, ""):
        return None
    try:
        read = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    except ValueError:
        raise BadInput("时间应为 ISO 8601，带时区", where="device_at") from None
    if read.tzinfo is None:
        raise BadInput("时间要带时区", where="device_at")
    return read.astimezone(UTC)


def _examine(
    kind: str, content: bytes, position: Position
) -> tuple[dict[str, Any], shapely.Point | shapely.LineString | None]:
    """(fields of the row by its content, point or line where it was taken); raises for what is not what it claims."""
    if kind == Kind.TRACK:
        try:
            return {"content_type": "application/json"}, shapely.LineString(read_track(content))
        except NotATrack as error:
            raise BadInput(str(error), where="file", code="no_track") from None
    if kind == Kind.SCAN and content.startswith(b"%PDF-"):
        return {"content_type": "application/pdf"}, None
    if kind not in (Kind.PHOTO, Kind.SCAN):
        raise BadInput(f"佐证种类只能是 {'、'.join(Kind.values)}", where="kind")
    photo = _photo(content)
    if kind == Kind.PHOTO and position.lon is None and not position.missing_because:
        raise Missing(["照片的定位，或没有定位的原因"])
    taken_at = shapely.Point(position.lon, position.lat) if position.lon is not None else None
    fields = ("content_type", "width_px", "height_px", "exif", "exif_lon", "exif_lat")
    facts = {name: getattr(photo, name) for name in fields}
    return {**facts, **_hashed(photo.picture_hash if kind == Kind.PHOTO else None)}, taken_at


def _hashed(picture_hash: int | None) -> dict[str, int]:
    """The columns by which a picture that is nearly the same is found."""
    if picture_hash is None:
        return {}
    bands = {f"band_{at}": band for at, band in enumerate(likeness.bands_of(picture_hash), start=1)}
    return {"picture_hash": likeness.signed(picture_hash), **bands}


def _photo(content: bytes) -> Photo:
    try:
        return read_photo(content, most_pixels=settings.PHOTO_MEGAPIXELS * 1_000_000)
    except NotAPhoto as error:
        raise BadInput(str(error), where="file", code=error.code) from None


def _distance(point: FirePoint, where: shapely.Point | shapely.LineString | None) -> float | None:
    """Metres from where it was taken to the nearest footprint of the point, 0 inside; of a track its nearest position."""
    detections = selectors.active_detections(point)
    if where is None or not detections:
        return None
    area = footprints.seen(detections)
    if where.intersects(area):
        return 0.0
    return round(min(footprints.distance_m(area, lon, lat) for lon, lat in where.coords), 1)


def _searched(point: FirePoint, where: shapely.Point | shapely.LineString | None) -> float | None:
    detections = selectors.active_detections(point)
    if where is None or not detections:
        return None
    return searched_share(footprints.seen(detections), [list(where.coords)], proofs.search_in_force())


def _keep(content: bytes, digest: str, content_type: str) -> str:
    """Write under JINSHAO_HOME/evidence, named by content: a draft, fsync, rename. Returns the path below JINSHAO_HOME.

    A file whose row never came (a crash between) is harmless and is found again by its name.
    """
    ending = {"application/pdf": ".pdf", "application/json": ".txt"}.get(content_type) or ENDINGS[content_type]
    relative = Path("evidence") / digest[:2] / digest[2:4] / f"{digest}{ending}"
    target = Path(settings.JINSHAO_HOME) / relative
    if target.exists() and target.stat().st_size == len(content):
        return str(relative)
    with written_whole(target) as file:
        file.write(content)
    return str(relative)
