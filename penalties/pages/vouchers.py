"""财政回执: finance's own workbook of vouchers in: upload, preview row by row, register, what was sent back (C13)."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import BadInput, Refused
from core.http.bodies import takes
from firepoints.pages.access import user_of
from grids.roles import Role
from grids.selectors import roles_of
from papers import filing
from penalties import selectors
from penalties.batches.voucher_plan import voucher_plan
from penalties.batches.vouchers import read_reply, vouchers_load
from penalties.models import VoucherReply
from penalties.money import yuan
from penalties.pages.forms import ReplyForm

LOADERS = frozenset({Role.FINANCE, Role.BUREAU})
KIND = "uploads"


@require_safe
@never_cache
def voucher_replies(request: HttpRequest) -> HttpResponse:
    """The upload form, and the workbooks of before."""
    _require_whole_table(request)
    return _start(request, ReplyForm())


def _require_whole_table(request: HttpRequest) -> None:
    if not selectors.sees_whole_table(user_of(request)):
        raise Http404


def _require_loader(request: HttpRequest) -> None:
    _require_whole_table(request)
    if not roles_of(request.user) & LOADERS:
        raise PermissionDenied("凭证由财政登记。")


def _start(request: HttpRequest, form: ReplyForm, *, refused: str = "", status: int = 200) -> HttpResponse:
    context = {
        "form": form if roles_of(request.user) & LOADERS else None,
        "refused": refused,
        "replies": list(VoucherReply.objects.select_related("recorded_by")[:50]),
    }
    return render(request, "penalties/vouchers.html", context, status=status)


@takes("document")
@require_POST
@never_cache
def voucher_preview(request: HttpRequest) -> HttpResponse:
    """What the uploaded workbook would settle; nothing is registered yet."""
    _require_loader(request)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _start(request, form, status=400)
    upload = cast("UploadedFile[Any]", form.cleaned_data["file"])
    content = upload.read()
    earlier = VoucherReply.objects.filter(sha256=filing.digest_of(content)).first()
    if earlier:
        messages.info(request, f"这份回执 {earlier.at:%Y-%m-%d} 登记过，没有重复登记")
        return redirect("penalties:voucher_reply", earlier.pk)
    try:
        file = read_reply(content)
    except Refused as error:
        return _start(request, form, refused=error.message, status=400)
    plan = voucher_plan(rows=file.rows, actor=user_of(request))
    filing.store_bytes(content, kind=KIND, suffix=".xlsx")
    context = {
        "token": filing.digest_of(content),
        "filename": (upload.name or "财政回执.xlsx")[:200],
        "parts": [{"row": part.row, "line": part.line, "amount": yuan(part.amount_fen)} for part in plan.parts],
        "known": plan.known,
        "rejected": [
            fault.as_json()
            for fault in sorted([*file.faults, *plan.faults], key=lambda fault: (fault.sheet, fault.line))
        ],
        "number": len(plan.vouchers),
        "total": yuan(sum(part.amount_fen for part in plan.parts)),
    }
    return render(request, "penalties/vouchers_preview.html", context)


@require_POST
def voucher_commit(request: HttpRequest) -> HttpResponse:
    """Register the workbook that was previewed; the same workbook twice is one reply."""
    _require_loader(request)
    try:
        reply, is_new = vouchers_load(
            content=_previewed(request),
            filename=request.POST.get("filename", "")[:200] or "财政回执.xlsx",
            actor=user_of(request),
        )
    except Refused as error:
        return _start(request, ReplyForm(), refused=error.message, status=400)
    words = f"登记凭证 {reply.counts['vouchers']} 张，退回 {reply.counts['rejected']} 行"
    messages.success(request, words if is_new else "这份回执登记过，没有重复登记")
    return redirect("penalties:voucher_reply", reply.pk)


def _previewed(request: HttpRequest) -> bytes:
    token = request.POST.get("token", "")
    if len(token) != 64 or not token.isalnum():
        raise BadInput("上传的文件已经清理，请重新选择文件", where="文件")
    return filing.open_stored(f"{KIND}/{token[:2]}/{token}.xlsx").read_bytes()


@require_safe
@never_cache
def voucher_reply(request: HttpRequest, pk: int) -> HttpResponse:
    """One workbook: its vouchers with what each settled, and the rows that were sent back with their reasons."""
    _require_whole_table(request)
    reply = VoucherReply.objects.select_related("recorded_by").filter(pk=pk).first()
    if reply is None:
        raise Http404
    vouchers = reply.vouchers.prefetch_related("parts__line__batch").order_by("pk")
    rows = [
        {
            "voucher": voucher,
            "amount": yuan(voucher.amount_fen or 0),
            "parts": [{"batch": part.line.batch, "amount": yuan(part.amount_fen)} for part in voucher.parts.all()],
        }
        for voucher in vouchers
    ]
    return render(request, "penalties/voucher_reply.html", {"reply": reply, "rows": rows})
