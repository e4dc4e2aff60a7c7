"""观测时间: asked where neither the file nor its name says when it was taken (FY-4); the file need not be sent again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from firepoints.pages.imports.forms import OBSERVED, PreviewForm


def ask_observed(request: HttpRequest, form: PreviewForm, *, reason: str = "", status: int = 200) -> HttpResponse:
    """The two moments, then the preview of the same file; `reason`: why it is asked, "" where a person wants to change it."""
    fields = [(name, str(form.data[name])) for name in form.fields if name in form.data and name not in _NOT_HELD]
    context = {
        "name": form.cleaned_data.get("name", ""),
        "said": reason,
        "moments": [form[name] for name in OBSERVED],
        "hidden": fields,
    }
    return render(request, "firepoints/import_observed.html", context, status=status)


_NOT_HELD = (*OBSERVED, "attempt", "confirm")
