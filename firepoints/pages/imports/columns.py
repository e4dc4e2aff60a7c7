"""列对应: which column of a file is which field, corrected by a person once and remembered by source and issuer."""

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.errors import BadInput, Refused
from firepoints.models import Source
from firepoints.pages.imports import shown
from firepoints.pages.imports.access import importer
from firepoints.pages.imports.forms import PreviewForm
from firepoints.sightings.lists import mapping as mapping_memory
from firepoints.sightings.lists import uploads
from firepoints.sightings.readers.base import ParseOptions, SourceError
from firepoints.sightings.readers.suggest import Suggestion, suggest_mapping
from grids.models import User

NONE = "-"  # chosen: no column is this field
PREFIX = "field-"


def columns_url(given: dict[str, str]) -> str:
    return f"{reverse('imports:columns')}?{urlencode(given)}"


@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest) -> HttpResponse:
    """Show the columns with their first values, one choice for each field. POST keeps the choice and goes to the preview."""
    user = importer(request)
    form = PreviewForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.error(request, "这个文件打不开了，请重新选择")
        return redirect("imports:new")
    source, issuer = form.cleaned_data["source"], form.cleaned_data["issuer"]
    try:
        path = uploads.path_of(form.cleaned_data["token"], filename=form.cleaned_data["name"])
        told = form.column_mapping()
        found = suggest_mapping(path, parser=source.parser, options=ParseOptions(mapping=told))
        if not found.fields:
            messages.info(request, f"来源“{source.name}”的列是固定的，不用对应")
            return redirect(f"{reverse('imports:preview')}?{urlencode(form.as_query())}")
        if request.method == "POST":
            try:
                return _keep(request, user, form, _chosen(request, found))
            except BadInput as error:
                messages.error(request, error.message)
                return _show(request, form, found, source, issuer, status=400)
    except (Refused, SourceError) as error:
        messages.error(request, error.message if isinstance(error, Refused) else str(error))
        return redirect("imports:new")
    return _show(request, form, found, source, issuer)


def _chosen(request: HttpRequest, found: Suggestion) -> dict[str, str]:
    """The mapping that the choices make: a column, or "" for a field that is in no column; the rest is left to the reader."""
    chosen = {}
    values = {one.value for sheet in found.sheets for one in sheet.columns}
    for field, label, _ in found.fields:
        given = request.POST.get(PREFIX + field, "")
        if given == NONE:
            chosen[field] = ""
        elif given:
            if given not in values:
                raise BadInput(f"“{label}”选的列不在这份表里", where="列对应", code="bad_mapping")
            chosen[field] = given
    twice = [one for one in chosen.values() if one and list(chosen.values()).count(one) > 1]
    if twice:
        raise BadInput(f"列“{twice[0]}”对应了两个字段，请改一个", where="列对应", code="bad_mapping")
    return chosen


def _keep(request: HttpRequest, user: User, form: PreviewForm, chosen: dict[str, str]) -> HttpResponse:
    source, issuer = form.cleaned_data["source"], form.cleaned_data["issuer"]
    mapping_memory.checked_fields(source, chosen)
    if request.POST.get("remember"):
        try:
            mapping_memory.mapping_set(source=source, issuer=issuer, fields=chosen, actor=user)
        except IntegrityError:
            messages.warning(request, "刚刚有人也改了列对应，这次只用于本文件")
        else:
            messages.success(request, f"已记住{f'“{issuer}”' if issuer else ''}的列对应，以后自动使用")
    query = {**form.as_query(), "mapping": json.dumps(chosen, ensure_ascii=False, sort_keys=True)}
    return redirect(f"{reverse('imports:preview')}?{urlencode(query)}")


def _show(
    request: HttpRequest, form: PreviewForm, found: Suggestion, source: Source, issuer: str, status: int = 200
) -> HttpResponse:
    sheet = next((one for one in found.sheets if not one.missing), found.sheets[0] if found.sheets else None)
    memory = mapping_memory.latest_mapping(source, issuer)
    told = form.column_mapping()
    columns = sheet.columns if sheet else ()
    chosen = {**{one.field: one.value for one in columns if one.field}, **told}
    if request.method == "POST":
        picked = {field: request.POST.get(PREFIX + field, "") for field, *_ in found.fields}
        chosen, told = picked, {field: "" for field, value in picked.items() if value == NONE}
    context: dict[str, Any] = {
        "name": form.cleaned_data["name"],
        "source": source,
        "issuer": issuer,
        "sheet": sheet,
        "columns": [{"letter": shown.column_letter(one.column), "one": one} for one in columns],
        "fields": [
            {
                "name": PREFIX + field,
                "label": label,
                "required": required,
                "none": field in told and told[field] == "",
                "chosen": chosen.get(field, ""),
                "is_seldom": not required and not chosen.get(field),
            }
            for field, label, required in found.fields
        ],
        "labels": {field: label for field, label, _ in found.fields},
        "missing": sheet.missing if sheet else (),
        "memory": memory,
        "hidden": [(name, value) for name, value in form.as_query().items() if name != "mapping"],
        "back": f"{reverse('imports:preview')}?{urlencode(form.as_query())}",
    }
    return render(request, "firepoints/import_columns.html", context, status=status)
