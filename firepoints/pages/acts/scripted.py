"""Answers to a form that is sent by script: where to go on, or what was refused, so that the page keeps what was typed."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def going_on(request: HttpRequest, response: HttpResponseRedirect, status: int = 200) -> HttpResponse:
    """The redirect; for a script its address, for a script that followed it would use up the messages of that page."""
    return JsonResponse({"url": response.url}, status=status) if wants_json(request) else response


def refused(form: BaseForm, status: int) -> JsonResponse:
    """The errors of a form: those of the whole, and by field."""
    fields = {name: [str(error) for error in errors] for name, errors in form.errors.items() if name != "__all__"}
    message = "；".join(str(error) for error in form.non_field_errors()) or "有几项要改"
    return JsonResponse({"message": message, "fields": fields}, status=status)
