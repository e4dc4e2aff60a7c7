"""提示图层: places that are hints on a point; loaded from files, fixed heat accepted one by one (C1, C15)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import shapely
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import BadInput, Refused
from core.http.bodies import takes
from grids import selectors
from grids.geo.datum import DATUM_NAMES
from grids.models import Overlay, User
from grids.overlays import exports, overlays
from grids.overlays.files import read_places
from grids.pages.forms.people import DAY
from grids.rights import scope_or_403
from grids.roles import Role
from grids.selectors.overlays import overlays_in_force
from journal.record.services import access
from papers.downloads import BY_SUFFIX, download
from papers.layers import door

PAGE = 50
MOST_BYTES = 100 * 1024 * 1024
MOST_DRAWN = 2000


class LoadForm(forms.Form):
    """导入图层: the file, what it means, in which datum, from when."""

    kind = forms.ChoiceField(label="类别", choices=Overlay.Kind.choices)
    file = forms.FileField(label="文件", help_text="zip（含 Shapefile）、GeoPackage、GeoJSON、KML，不超过 100 MB。")
    datum = forms.ChoiceField(label="坐标系", choices=list(DATUM_NAMES.items()))
    crs = forms.CharField(label="投影", max_length=60, required=False, help_text="投影坐标写 EPSG 号，例如 4547。")
    name_column = forms.CharField(label="名称列", max_length=60, required=False, help_text="空着就找 name、名称。")
    buffer_m = forms.FloatField(
        label="两侧宽度（米）", min_value=0, max_value=20_000, required=False, help_text="道路、点状场所才要。"
    )
    valid_from = forms.DateField(label="自哪天起", widget=DAY)
    valid_to = forms.DateField(label="到哪天止（不含）", widget=DAY, required=False)
    document_no = forms.CharField(label="依据", max_length=80, required=False)
    load = forms.UUIDField(widget=forms.HiddenInput)


class DecideForm(forms.Form):
    overlay = forms.IntegerField(widget=forms.HiddenInput)
    choice = forms.ChoiceField(choices=[("accept", "确认"), ("reject", "不采用"), ("end", "终止")])
    valid_to = forms.DateField(required=False)
    reason = forms.CharField(max_length=200, required=False)


def _require_bureau(request: HttpRequest) -> User:
    if Role.BUREAU not in selectors.roles_of(request.user):
        raise PermissionDenied("提示图层由市局经办维护。")
    return cast(User, request.user)


@require_safe
def overlay_list(request: HttpRequest) -> HttpResponse:
    """How many places of each kind are in force, what is proposed, the places of one kind, the map."""
    scope_or_403(request.user)
    return _show(request, LoadForm(initial={"load": uuid4(), "valid_from": clock.today_beijing()}))


def _show(request: HttpRequest, form: LoadForm, *, status: int = 200) -> HttpResponse:
    today = clock.today_beijing()
    kind = _kind(request)
    may_keep = Role.BUREAU in selectors.roles_of(request.user)
    in_force = overlays_in_force(today)
    numbers = dict(in_force.values_list("kind").annotate(number=Count("pk")).order_by())
    listed = Overlay.objects.filter(state=Overlay.State.ACCEPTED).defer("geometry").select_related("decided_by")
    if kind:
        listed = listed.filter(kind=kind)
    page = Paginator(listed.order_by("kind", "name", "pk"), PAGE).get_page(request.GET.get("page"))
    proposed = Overlay.objects.filter(state=Overlay.State.PROPOSED).defer("geometry").order_by("pk")
    context = {
        "tiles": [
            {"url": f"?kind={value}#listed", "label": label, "number": numbers.get(value, 0), "unit": "个"}
            for value, label in Overlay.Kind.choices
        ],
        "form": form,
        "proposed": list(proposed[:200]),
        "page": page,
        "kind": kind,
        "params": f"kind={kind}&",
        "kind_label": Overlay.Kind(kind).label if kind else "",
        "may_keep": may_keep,
        "load_url": "#load" if may_keep else "",
        "cells_url": f"{reverse('cells-geojson')}?level=county,township",
        "areas_url": f"{reverse('grid-overlays-geojson')}{f'?kind={kind}' if kind else ''}",
        "today": today,
    }
    return render(request, "grids/overlays.html", context, status=status)


@takes("file")
@require_POST
def overlay_load(request: HttpRequest) -> HttpResponse:
    """Take a file in, whole or not at all; a form sent twice is one load."""
    actor = _require_bureau(request)
    form = LoadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, form, status=400)
    try:
        number = _load(form.cleaned_data, actor)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _show(request, form, status=400)
    messages.success(request, f"已导入 {number} 个图形。" if number else "这份文件刚才已经导入。")
    return redirect(f"{reverse('grid-overlays')}?kind={form.cleaned_data['kind']}#listed")


def _load(data: dict[str, Any], actor: User) -> int:
    upload = data["file"]
    if upload.size > MOST_BYTES:
        raise BadInput("文件超过 100 MB；请分开，或用命令 overlay import", where="文件", code="too_large")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{Path(upload.name).suffix.lower()[:9]}"
        path.write_bytes(upload.read())
        places = read_places(
            [path],
            datum=data["datum"],
            crs=data["crs"],
            name_column=data["name_column"],
            buffer_m=data["buffer_m"] or 0.0,
            opening=door.Opening(wait_s=door.PAGE_WAIT_S),
        )
    return overlays.overlay_load(
        kind=data["kind"],
        places=places,
        valid_from=data["valid_from"],
        valid_to=data["valid_to"],
        document_no=data["document_no"],
        load=data["load"],
        actor=actor,
    )


@require_POST
def overlay_decide(request: HttpRequest) -> HttpResponse:
    """Accept or reject a proposal, or end a place, with a reason."""
    actor = _require_bureau(request)
    form = DecideForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有保存：表单不完整。")
        return redirect("grid-overlays")
    data = form.cleaned_data
    try:
        if data["choice"] == "end":
            overlays.overlay_end(
                overlay_id=data["overlay"], valid_to=data["valid_to"] or clock.today_beijing(), actor=actor,
                reason=data["reason"],
            )  # fmt: skip
        else:
            overlays.overlay_decide(
                overlay_id=data["overlay"], is_accepted=data["choice"] == "accept", actor=actor, reason=data["reason"]
            )
    except Refused as refused:
        messages.error(request, f"没有保存：{refused.message}")
    else:
        messages.success(request, "已保存。")
    return redirect("grid-overlays")


@require_safe
def overlay_export(request: HttpRequest, what: str) -> HttpResponse:
    """`overlays.xlsx|gpkg|geojson` of what the page lists, of one kind with `?kind=`; the export is noted."""
    scope_or_403(request.user)
    kind = _kind(request)
    rows = exports.listed(kind)
    today, suffix = clock.today_beijing(), Path(what).suffix
    if what not in ("overlays.xlsx", "overlays.gpkg", "overlays.geojson") or not rows.exists():
        raise Http404("没有这种导出，或还没有图层。")
    is_book = suffix == ".xlsx"
    content = exports.overlays_workbook(rows, on=today) if is_book else exports.overlays_layer(rows, suffix)
    access(request.user, "export", ("grids.overlay", kind or "all"), detail=what)
    label = Overlay.Kind(kind).label if kind else "提示图层"
    return download(content, f"{label}-{today}{suffix}", BY_SUFFIX[suffix])


def _kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", "")
    return kind if kind in Overlay.Kind.values else ""


@require_safe
def overlays_geojson(request: HttpRequest) -> HttpResponse:
    """The places in force and proposed, simplified for the map: {kind, name, state, label}."""
    scope_or_403(request.user)
    kind = request.GET.get("kind", "")
    condition = Q(state=Overlay.State.PROPOSED) | Q(pk__in=overlays_in_force(clock.today_beijing()).values("pk"))
    rows = Overlay.objects.filter(condition)
    if kind in Overlay.Kind.values:
        rows = rows.filter(kind=kind)
    features = []
    for row in rows.order_by("kind", "pk")[:MOST_DRAWN]:
        shape = shapely.simplify(shapely.from_wkb(bytes(row.geometry)), 0.0002)
        label = f"{row.get_kind_display()} {row.name}" + ("（待确认）" if row.state == Overlay.State.PROPOSED else "")
        properties = {"kind": row.kind, "name": row.name, "state": row.state, "label": label}
        features.append({"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)})
    response = JsonResponse(
        {"type": "FeatureCollection", "features": features},
        json_dumps_params={"ensure_ascii": False},
        content_type="application/geo+json",
    )
    response["Cache-Control"] = "private, no-cache"
    return response
