"""The acts on a point: GET shows the form and what it rests on, POST does it through the one door of the services."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import Conflict, Refused, StaleVersion
from core.transitions import Available
from firepoints.life.proposing import act_or_propose
from firepoints.models import FirePoint, Step
from firepoints.pages import access, proposed
from firepoints.pages.access import point_or_404, user_of, viewer_of
from firepoints.pages.acts import scripted
from firepoints.pages.acts.forms import ActForm, form_class_of
from firepoints.pages.acts.joint_form import JointForm
from firepoints.pages.points import detail
from firepoints.pages.questions.pairs import pair_of
from firepoints.policy import two_persons
from firepoints.steps import selectors, workflow
from journal.models import Proposal

TWICE = timedelta(minutes=5)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def act_page(request: HttpRequest, point_id: int, action: str) -> HttpResponse:
    """The form of one act; a refusal comes back as the form's error with what was filled in."""
    point = point_or_404(request, point_id)
    transition = workflow.BY_ACTION.get(action)
    if transition is None:
        raise Http404("没有这个操作。")
    form_class = form_class_of(action)
    if request.method != "POST":
        initial = {"into": request.GET["into"].strip()[:30]} if "into" in request.GET else {}
        form = form_class(point=point, user=user_of(request), action=action, initial=initial)
        return _show(request, point, action, form, selectors.actions_for(point, request.user))
    form = form_class(request.POST, point=point, user=user_of(request), action=action)
    if not form.is_valid():
        return _refused(request, point, action, form, 400)
    try:
        outcome = act_or_propose(
            point_id=point.pk,
            action=action,
            actor=user_of(request),
            data=form.data_of(),
            expected_version=form.cleaned_data["expected_version"],
        )
    except Refused as refused:
        if isinstance(refused, StaleVersion | Conflict) and is_done_already(request, point, action, form):
            return _done(request, point, f"{point} 已{transition.label}。")
        # The field's own name is the API's; beside the field people need the words only.
        where = str(refused.details.get("where", ""))
        form.add_error(form.field_at(where), refused.message.removeprefix(f"{where}："))
        return _refused(request, point, action, form, refused.http_status)
    if outcome.proposal is not None:
        return _proposed(request, point, outcome.proposal)
    return _done(request, outcome.point, f"已{transition.label}：{outcome.point}。")


def _refused(request: HttpRequest, point: FirePoint, action: str, form: ActForm, status: int) -> HttpResponse:
    if scripted.wants_json(request):
        return scripted.refused(form, status)
    return _show(request, point, action, form, selectors.actions_for(point, request.user), status=status)


def is_done_already(request: HttpRequest, point: FirePoint, action: str, form: ActForm | None = None) -> bool:
    """Whether this is a second press of a button: this user's same act is the last step, and minutes old or the very next version
    after the one on the page (`form`), which may be sent again hours later when the net is back. What says something
    else than the step is no second press."""
    last = point.steps.order_by("-seq").first()
    if last is None or last.action != action or last.actor_id != request.user.pk:
        return False
    if form is not None and not _says_the_same(last, form.data_of()):
        return False
    page_version = form.cleaned_data["expected_version"] if form is not None else 0
    return clock.now() - last.at < TWICE or point.version == page_version + 1


def _says_the_same(step: Step, data: dict[str, Any]) -> bool:
    pairs = [
        (step.data[name], data[name])
        for name in ("conclusion", "cause", "county_code")
        if {name} <= {*step.data} & {*data}
    ]
    pairs += [(step.reason, data["reason"].strip()[:500])] if data.get("reason") else []
    return all(str(filed or "") == str(form_value or "") for filed, form_value in pairs)


def _done(request: HttpRequest, point: FirePoint, message: str) -> HttpResponse:
    messages.success(request, message)
    return scripted.going_on(request, _next_page(request, point))


def _proposed(request: HttpRequest, point: FirePoint, proposal: Proposal) -> HttpResponse:
    """The point's page, where the proposal waits for another person; a script is answered 202."""
    messages.warning(request, proposed.words_of(proposal))
    return scripted.going_on(request, redirect("firepoints:detail", point_id=point.pk), status=202)


def _next_page(request: HttpRequest, point: FirePoint) -> HttpResponseRedirect:
    next_url = request.POST.get("next", "")
    if next_url and url_has_allowed_host_and_scheme(next_url, allowed_hosts=None):
        return redirect(next_url)
    if FirePoint.objects.visible_to(request.user).filter(pk=point.pk).exists():
        return redirect("firepoints:detail", point_id=point.pk)
    return redirect("firepoints:list")


def _show(
    request: HttpRequest,
    point: FirePoint,
    action: str,
    form: ActForm,
    actions: list[Available[workflow.Facts]],
    *,
    status: int = 200,
) -> HttpResponse:
    open_now = {offer.transition.action: offer for offer in actions}
    available = open_now.get(action)
    # What is open has no refusal; only for the rest the facts are read again.
    refusal = None if available else workflow.refusal(action, selectors.facts_for(point, request.user))
    here = reverse("firepoints:act", args=[point.pk, action])
    viewer = viewer_of(request, point)
    context: dict[str, Any] = {
        **detail.context_of(point, viewer),
        "action": action,
        "title": workflow.BY_ACTION[action].label,
        "hint": workflow.BY_ACTION[action].hint,
        "takes_two": [row.when for row in two_persons.TABLE if action in row.actions],
        "form": form,
        "is_joint": isinstance(form, JointForm),
        "has_evidence": "evidence" in form.fields,
        "pair": pair_of(point, str(form["into"].value() or ""), user_of(request)) if "into" in form.fields else None,
        "missing": list(available.missing) if available else [],
        "blocked": refusal.sentence if refusal else "",
        "may_file": viewer.holds(access.MAY_FILE),
        "back": here,
    }
    return render(request, "firepoints/act.html", context, status=status)
