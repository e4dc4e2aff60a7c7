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

from firepoints import selectors, workflow
from firepoints.models import FirePoint
from firepoints.pages import access, detail
from firepoints.pages.access import point_or_404, user_of, viewer_of
from firepoints.pages.forms import ActForm, JointForm, form_of
from firepoints.services.act import act
from journal import clock
from journal.errors import Conflict, Refused, StaleVersion

TWICE = timedelta(minutes=5)
HINTS = {
    "dispatch": "派发给县（区）指定部门核实，同时编号并开始计时；期限是设置，不是文件规定的。",
    "split": "由人说清哪些监测记录是同一处：同一处填同一个数字，第 1 处留在这里，其余各成一处疑似火点；全填 1 就是一处。"
    "派发以后也可以划分：留在这里的保留编号，其余另行派发。",
    "relocate": "按现场照片的位置更正这一处的位置；落到别的县（区）或太靠近县界的，转联合核实。像元的原位置留档。",
    "assign_group": "这个村的组没有图形：由人指定是哪一组的，组的责任人随之列上。",
    "reattribute": "更正版边界启用后，按它这一处落到别处。县（区）不同的转联合核实。",
    "unmerge": "撤销并入：两处各自恢复，监测记录各归各的；以后的导入不再把它们并到一起。",
    "review": "核对机器提出的问题：写明这一处照原样成立的理由；若是同一处，请改用“并入另一处”。",
    "close": "只有线索可以关闭；官方清单和巡查督查的火点要有核实和认定。",
    "report_on_behalf": "把县（区）的纸质核实材料录入：先上传扫描件。录入人不能再认定这一处。",
    "verify_own": "用市局人员自己拍的照片核实；另由他人认定。",
    "return": "退回县（区）补证：原来的核实记录留在这里，期限重新由县（区）办理。",
    "mark_cross": "标记后不归任何县（区），由联合核实定（四(一)）。",
    "dispute": "提出争议后不归任何县（区），由市执法人员会同相关县（区）共同核实（四(一)）。",
    "settle_jointly": "每个相关县（区）都要列上；缺席、拒签不是否决。至少一名市局执法人员到场签字。",
    "recognise": "认定为 1 处计入。属地、付款单位、规则和依据从此固定，金额由规则算。",
    "exclude": "认定不计入，理由写明；以后有新的可扣缴来源，另开复核，不改这次认定。",
    "notify": "通报县（区），异议期从现在起算（天数是设置）。",
    "object": "在异议期内提出，由认定人复核。",
    "waive": "书面放弃异议，这一处即为终局。",
    "uphold": "维持原认定，这一处即为终局；异议成立的请用“重新核实”。",
    "reopen": "撤回认定，退给县（区）重新核实；已入账的由下一批次退回。",
    "stand": "原认定不变，写明理由；要改的请用“重新核实”。",
    "merge": "两处是同一处时并入；监测记录归到那一处，这一处留档。",
    "merge_decided": "已认定的并入另一处；已入账的由下一批次退回。",
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def act_page(request: HttpRequest, point_id: int, action: str) -> HttpResponse:
    """The form of one act; a refusal comes back as the form's error with what was filled in."""
    point = point_or_404(request, point_id)
    transition = workflow.BY_ACTION.get(action)
    if transition is None:
        raise Http404("没有这个操作。")
    form_class = form_of(action)
    if request.method != "POST":
        form = form_class(point=point, user=user_of(request))
        return _show(request, point, action, form, selectors.actions_for(point, request.user))
    form = form_class(request.POST, point=point, user=user_of(request))
    if not form.is_valid():
        return _show(request, point, action, form, selectors.actions_for(point, request.user), status=400)
    try:
        acted = act(
            point_id=point.pk,
            action=action,
            actor=user_of(request),
            data=form.data_of(),
            expected_version=form.cleaned_data["expected_version"],
        )
    except Refused as refused:
        if isinstance(refused, StaleVersion | Conflict) and is_done_already(request, point, action):
            return _done(request, point, f"{point} 已{transition.label}。")
        # The field's own name is the API's; beside the field people need the words only.
        where = str(refused.details.get("where", ""))
        form.add_error(where if where in form.fields else None, refused.message.removeprefix(f"{where}："))
        return _show(
            request, point, action, form, selectors.actions_for(point, request.user), status=refused.http_status
        )
    return _done(request, acted, f"已{transition.label}：{acted}。")


def is_done_already(request: HttpRequest, point: FirePoint, action: str) -> bool:
    """A second press of the same button: this user's same act is the last step and minutes old."""
    last = point.steps.order_by("-seq").first()
    return bool(last and last.action == action and last.actor_id == request.user.pk and clock.now() - last.at < TWICE)


def _done(request: HttpRequest, point: FirePoint, said: str) -> HttpResponseRedirect:
    messages.success(request, said)
    wanted = request.POST.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return redirect(wanted)
    if FirePoint.objects.visible_to(request.user).filter(pk=point.pk).exists():
        return redirect("firepoints:detail", point_id=point.pk)
    return redirect("firepoints:list")


def _show(
    request: HttpRequest,
    point: FirePoint,
    action: str,
    form: ActForm,
    actions: list[workflow.Available],
    *,
    status: int = 200,
) -> HttpResponse:
    open_now = {one.transition.action: one for one in actions}
    available = open_now.get(action)
    facts = selectors.facts_for(point, request.user) if available is None else None
    here = reverse("firepoints:act", args=[point.pk, action])
    viewer = viewer_of(request, point)
    context: dict[str, Any] = {
        **detail.context_of(point, viewer),
        "action": action,
        "title": workflow.BY_ACTION[action].label,
        "hint": HINTS.get(action, ""),
        "form": form,
        "is_joint": isinstance(form, JointForm),
        "has_evidence": "evidence" in form.fields,
        "missing": list(available.missing) if available else [],
        "blocked": workflow.refusal(action, facts) if facts else "",
        "may_file": viewer.holds(access.MAY_FILE),
        "back": here,
    }
    return render(request, "firepoints/act.html", context, status=status)
