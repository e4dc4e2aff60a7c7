"""佐证 over HTTP: one file at a time in, a copy without EXIF out, the original only as a download for the bureau."""

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from core.http.bodies import takes
from firepoints.evidence.originals import path_of
from firepoints.evidence.pieces import MOST_BYTES, evidence_store, lacking_of, receipt_of
from firepoints.models import Evidence, FirePoint
from firepoints.pages import access
from firepoints.pages.access import point_or_404, user_of
from firepoints.pages.acts import copies
from firepoints.pages.acts.scripted import wants_json
from firepoints.steps import selectors
from grids import selectors as grids
from journal.record import services as journal
from papers.filing import digest_of

_FIELDS = ("lon", "lat", "accuracy_m", "no_position_reason", "device_at", "caption")
_ENDINGS = {"application/pdf": "pdf", "application/json": "json"}


@takes("photos")
@require_POST
def upload(request: HttpRequest, point_id: int) -> HttpResponse:
    """Store the files of a form. A script (Accept: JSON) gets receipts, a plain form is sent back to the point.

    Without a UUID from the device the content names itself, so that posting twice stores once.
    """
    point = point_or_404(request, point_id)
    is_scripted = wants_json(request)
    files = request.FILES.getlist("file")
    try:
        if not files:
            raise Refused("还没有选文件", code="missing")
        if any((file.size or 0) > MOST_BYTES for file in files):  # before it is read into memory
            raise Refused(f"文件超过 {MOST_BYTES // 1024 // 1024} MB", code="too_large")
        stored = [_store(request, point, file, at) for at, file in enumerate(files)]
    except Refused as refused:
        return _refused(request, point, refused, is_scripted)
    if is_scripted:
        answer = {**receipt_of(stored[0]), "receipt": stored[0].sha256[:12], "lacking": lacking_of(stored[0].point)}
        return JsonResponse(answer, status=201)
    messages.success(request, f"已收存 {len(stored)} 件，回执 {'、'.join(piece.sha256[:12] for piece in stored)}。")
    return redirect(_back(request, point))


def _store(request: HttpRequest, point: FirePoint, file: Any, at: int) -> Evidence:
    content = file.read()
    named = request.POST.get("uuid", "") if at == 0 else ""
    own = uuids.uuid5(uuids.NAMESPACE_URL, f"jinshao:{point.pk}:{request.user.pk}:{digest_of(content)}")
    fields = {name: request.POST.get(name, "") for name in _FIELDS}
    return evidence_store(
        point=point,
        actor=user_of(request),
        uuid=named or own,
        file=content,
        kind=request.POST.get("kind") or Evidence.Kind.PHOTO,
        filename=file.name or "",
        **{name: value.strip() for name, value in fields.items()},
    )


def _refused(request: HttpRequest, point: FirePoint, refused: Refused, is_scripted: bool) -> HttpResponse:
    if is_scripted:
        return JsonResponse(refused.as_json(), status=refused.http_status)
    messages.error(request, f"没有收存：{refused.message}")
    return redirect(_back(request, point))


def _back(request: HttpRequest, point: FirePoint) -> str:
    next_url = request.POST.get("next", "")
    if next_url and url_has_allowed_host_and_scheme(next_url, allowed_hosts=None):
        return next_url
    return reverse("firepoints:detail", args=[point.pk]) + "#evidence"


def evidence_or_404(request: HttpRequest, uuid: uuids.UUID) -> Evidence:
    """The piece, if its point and the piece itself are this user's to see."""
    pieces = Evidence.objects.filter(uuid=uuid, point__in=FirePoint.objects.visible_to(request.user))
    piece: Evidence | None = pieces.select_related("point").first()
    if piece is None or not selectors.evidence_for(piece.point, request.user).filter(pk=piece.pk).exists():
        raise Http404("没有这件佐证，或不在您的范围内。")
    return piece


@require_safe
def copy(request: HttpRequest, uuid: uuids.UUID) -> FileResponse:
    """A photo as a fresh JPEG without EXIF (`?size=thumb` for cards); papers and tracks as downloads.

    Each look at a full picture or a paper is noted; small pictures are noted by the page that shows them.
    """
    piece = evidence_or_404(request, uuid)
    is_thumb = request.GET.get("size") == "thumb"
    if not is_thumb:
        journal.access(request.user, "evidence", piece, str(piece.point))
    return piece_response(piece, is_thumb=is_thumb)


def piece_response(piece: Evidence, *, is_thumb: bool) -> FileResponse:
    """The answer with a piece that its reader may see: a copy of a photo, anything else as a download. Raises Http404."""
    if piece.kind == Evidence.Kind.TRACK or piece.content_type == "application/pdf":
        return _download(piece)
    path = copies.copy_of(piece, copies.THUMB_PX if is_thumb else copies.FULL_PX)
    if path is None:
        raise Http404("原件读不出来，请联系管理员。")
    response = FileResponse(path.open("rb"), content_type="image/jpeg")
    response["Content-Disposition"] = f'inline; filename="{piece.uuid}.jpg"'
    # Named by content: what a URL shows never changes, but another user of the machine must not find it.
    response["Cache-Control"] = "private, max-age=3600, immutable"
    return sealed(response)


@require_safe
def original(request: HttpRequest, uuid: uuids.UUID) -> FileResponse:
    """The file as sent, EXIF and all: a download for the bureau, the 认定人 and the auditors, each one noted."""
    piece = evidence_or_404(request, uuid)
    if not grids.roles_of(request.user) & access.MAY_TAKE_ORIGINALS:
        raise PermissionDenied("原件只供市局和审计下载。")
    journal.access(request.user, "evidence_original", piece, str(piece.point))
    return _download(piece)


def _download(piece: Evidence) -> FileResponse:
    path = path_of(piece)
    if not path.is_file():
        raise Http404("原件不在存储里，请联系管理员。")
    ending = _ENDINGS.get(piece.content_type) or path.suffix.lstrip(".")
    response = FileResponse(path.open("rb"), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{piece.sha256[:16]}.{ending}"'
    response["Cache-Control"] = "private, no-store"
    return sealed(response)


def sealed(response: FileResponse) -> FileResponse:
    """The answer with headers that let a file from the field run nothing, whatever it is."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
