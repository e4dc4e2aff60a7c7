"""列对应: which column of a file is which field, corrected by a person once and remembered by source and issuer."""

import json
import re
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
from firepoints.pages.imports.access import importer
from firepoints.pages.imports.forms import PreviewForm
from firepoints.sightings.lists import mapping as mapping_memory
from firepoints.sightings.lists import uploads
from firepoints.sightings.readers.base import ParseOptions, SourceError
from firepoints.sightings.readers.blocks import letters
from firepoints.sightings.readers.suggest import Suggestion, suggest_mapping
from grids.models import User

NONE = "-"  # chosen: no column is this field
PREFIX = "field-"
JOIN = "join-"  # the columns that are read together as one field
JOINABLE = frozenset({"date", "time", "found_at", "lon", "lat", "position"})


def columns_url(query: dict[str, str]) -> str:
    return f"{reverse('imports:columns')}?{urlencode(query)}"


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
        mapping = form.column_mapping()
        suggestion = suggest_mapping(path, parser=source.parser, options=ParseOptions(mapping=mapping))
        if not suggestion.fields:
            messages.info(request, f"来源“{source.name}”的列是固定的，不用对应")
            return redirect(f"{reverse('imports:preview')}?{urlencode(form.as_query())}")
        if request.method == "POST":
            try:
                return _keep(request, user, form, _chosen(request, suggestion))
            except BadInput as error:
                messages.error(request, error.message)
                return _show(request, form, suggestion, source, issuer, status=400)
    except (Refused, SourceError) as error:
        messages.error(request, error.message if isinstance(error, Refused) else str(error))
        return redirect("imports:new")
    return _show(request, form, suggestion, source, issuer)


def _chosen(request: HttpRequest, suggestion: Suggestion) -> dict[str, str]:
    """The mapping that the choices make: a column, or "" for a field that is in no column; the rest is left to the reader."""
    chosen = {}
    values = {column.value for sheet in suggestion.sheets for column in sheet.columns}
    for field, label, _ in suggestion.fields:
        choice = request.POST.get(PREFIX + field, "")
        if (joined := _joined(request, field)) and choice != NONE:
            chosen[field] = joined
        elif choice == NONE:
            chosen[field] = ""
        elif choice:
            if choice not in values:
                raise BadInput(f"“{label}”选的列不在这份表里", where="列对应", code="bad_mapping")
            chosen[field] = choice
    numbers = {column.value: f"#{column.column + 1}" for sheet in suggestion.sheets for column in sheet.columns}
    every = [part for value in chosen.values() if value for part in numbers.get(value, value).split("+")]
    twice = [column for column in every if every.count(column) > 1]
    if twice:
        name = next((value for value, number in numbers.items() if number == twice[0]), twice[0])
        raise BadInput(f"列“{name}”对应了两个字段，请改一个", where="列对应", code="bad_mapping")
    return chosen


def _joined(request: HttpRequest, field: str) -> str:
    """#3+#4 for the columns that are to be read together as a field, in their order; "" for less than two."""
    numbers = [number for number in request.POST.getlist(JOIN + field) if number.isdecimal() and len(number) < 4]
    if field not in JOINABLE or len(numbers) < 2:
        return ""
    return "+".join(f"#{number}" for number in sorted({int(number) for number in numbers}))


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
    request: HttpRequest, form: PreviewForm, suggestion: Suggestion, source: Source, issuer: str, status: int = 200
) -> HttpResponse:
    complete = (sheet for sheet in suggestion.sheets if not sheet.missing)
    sheet = next(complete, suggestion.sheets[0] if suggestion.sheets else None)
    memory = mapping_memory.latest_mapping(source, issuer)
    mapping = form.column_mapping()
    columns = sheet.columns if sheet else ()
    chosen = {**{column.field: column.value for column in columns if column.field}, **mapping}
    if request.method == "POST":
        picked = {
            field: _joined(request, field) or request.POST.get(PREFIX + field, "") for field, *_ in suggestion.fields
        }
        chosen, mapping = picked, {field: "" for field, value in picked.items() if value == NONE}
    context: dict[str, Any] = {
        "name": form.cleaned_data["name"],
        "source": source,
        "issuer": issuer,
        "sheet": sheet,
        "columns": [
            {"letter": letters(column.column), "number": str(column.column + 1), "one": column} for column in columns
        ],
        "fields": [
            {
                "name": PREFIX + field,
                "label": label,
                "required": required,
                "none": field in mapping and mapping[field] == "",
                "chosen": chosen.get(field, ""),
                "join": JOIN + field if field in JOINABLE else "",
                "joined": re.findall(r"#(\d+)", chosen.get(field, "")) if "+#" in chosen.get(field, "") else (),
                "is_seldom": not required and not chosen.get(field),
            }
            for field, label, required in suggestion.fields
        ],
        "labels": {field: label for field, label, _ in suggestion.fields},
        "missing": sheet.missing if sheet else (),
        "memory": memory,
        "hidden": [(name, value) for name, value in form.as_query().items() if name != "mapping"],
        "back": f"{reverse('imports:preview')}?{urlencode(form.as_query())}",
    }
    return render(request, "firepoints/import_columns.html", context, status=status)
