"""The limits of request bodies by address, and the refusals of a body that is larger.

An address that takes files says so with `takes`; every other has the room of a plain form, or of JSON below /api/. The
sizes are settings.BODY_LIMITS; grids.body_limits holds requests to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar

from django.conf import settings
from django.http import HttpRequest

from core.errors import Refused

Files = Literal["document", "photos", "file"]
"""What an address takes: one scan, photo or workbook; several photos; a list, or borders, as large as they come."""
Kind = Literal["stranger", "form", "api"] | Files
API: Final = "/api/"
MB: Final = 1024 * 1024
View = TypeVar("View", bound=Callable[..., Any])


class BodyTooLarge(Refused):
    """The request says that its body is larger than this address takes from this caller."""

    code = "body_too_large"
    http_status = 413


class LengthRequired(Refused):
    """The request has a body and does not say how long it is."""

    code = "length_required"
    http_status = 411


def takes(files: Files) -> Callable[[View], View]:
    """Decorate a page or an API view that takes files: a multipart body may be as large as settings say for them."""

    def decorate(view: View) -> View:
        view.body_files = files  # type: ignore[attr-defined]
        return view

    return decorate


def kind_of(request: HttpRequest, view: Callable[..., Any]) -> Kind:
    """The kind of body that this address takes. Files come as multipart alone: JSON has no more room beside an upload."""
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    files: Files | None = getattr(view, "body_files", None) or getattr(view_class, "body_files", None)
    if files and request.content_type == "multipart/form-data":
        return files
    return "api" if request.path_info.startswith(API) else "form"


def most_bytes(kind: Kind) -> int:
    """The limit of a kind."""
    return int(settings.BODY_LIMITS[kind])


def length_of(request: HttpRequest) -> int:
    """The length of the body by its header, unread. Raises LengthRequired for a body of which nobody knows the end."""
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    if request.META.get("HTTP_TRANSFER_ENCODING") or not (text.isascii() and text.isdecimal()):
        raise LengthRequired("请求没有写明内容的长度（Content-Length），没有接收。")
    return int(text)


def words(size: int) -> str:
    """A size for people: 64 KB, 32 MB."""
    return f"{size // MB} MB" if size >= MB else f"{max(size // 1024, 1)} KB"
