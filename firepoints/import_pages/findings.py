"""现场发现: what a patrol, a county or the hotline found on the spot, reported one by one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from firepoints.import_forms import FindingForm
from firepoints.import_pages.access import holder
from firepoints.models import FirePoint
from firepoints.services import ingest, intake
from grids.models import User
from journal.errors import BadInput, Refused

FINDERS = frozenset().union(*intake.OPEN_TO.values())


@require_http_methods(["GET", "HEAD", "POST"])
def finding(request: HttpRequest) -> HttpResponse:
    """Report what was found on the spot; the same form sent twice is one finding."""
    user = holder(request, FINDERS, "您的岗位不上报现场发现。")
    form = FindingForm(request.POST, user=user) if request.method == "POST" else FindingForm(user=user)
    if request.method == "POST" and form.is_valid():
        try:
            done, point = intake.finding_record(
                data=form.finding(),
                actor=user,
                source_code=form.cleaned_data["source"],
                datum=form.cleaned_data["datum"],
            )
        except BadInput as error:
            field = error.where if error.where in form.fields else None
            form.add_error(field, error.message.removeprefix(f"{error.where}："))
        except Refused as error:
            form.add_error(None, error.message)
        else:
            return _found(request, user, done, point)
    status = 400 if form.is_bound else 200
    context = {"form": form, "only_self": intake.sources_open_to(user) == ["self_found"]}
    return render(request, "firepoints/finding.html", context, status=status)


def _found(request: HttpRequest, user: User, done: ingest.Import, point: FirePoint | None) -> HttpResponse:
    if point is None:
        messages.warning(request, "已记录；位置在本市网格之外，不生成火点。请核对经纬度和坐标系。")
        return redirect("imports:finding")
    if done.kept:
        messages.success(request, f"已上报，归入 {point}")
    else:
        messages.info(request, f"这一条已经报过，在 {point}")
    if FirePoint.objects.visible_to(user).filter(pk=point.pk).exists():
        return redirect("firepoints:detail", point.pk)
    return redirect("imports:finding")
