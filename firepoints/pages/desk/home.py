"""总览: the month in numbers, where the fires are, who must do what now, and every county with its zeros."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import clock
from core.month import Month, NotAMonth
from firepoints.models import FirePoint, ImportRun, Ruling
from firepoints.pages import panels
from firepoints.pages.desk.counties import Money, county_rows, day_rows
from firepoints.pages.desk.months import month_numbers
from firepoints.pages.desk.queue import queue_of
from firepoints.pages.points.filters import Wanted
from firepoints.steps import figures
from grids import selectors as grids
from grids.models import Edition, Post, User


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The home page for the month of `?month=`, else this month, else (it being empty) the latest month with a fire."""
    roles = grids.roles_of(request.user)
    edition = grids.edition_now()
    if edition is None:
        return render(request, "firepoints/start.html", {"todo": _steps_to_start(), "roles": roles})
    visible = FirePoint.objects.visible_to(request.user)
    month, is_latest, month_error = _month_of(request, visible)
    criteria = Wanted(month=str(month))
    of_month = figures.of_month(request.user, month)
    money = _money(of_month, criteria.narrow(visible))
    numbers = month_numbers(request.user, month, of_month)
    queue = queue_of(request.user, roles)
    rows = county_rows(of_month, visible, month, money)
    context = {
        "roles": roles,
        "month": str(month),
        "month_words": month.words,
        "month_error": month_error,
        "is_latest": is_latest,
        "months": _switch(month),
        "tiles": tiles_of(numbers, month, money),
        "found": numbers["found"],
        "found_url": criteria.url(),
        "queue": queue,
        "overdue": sum(task.get("overdue", 0) for task in queue),
        "overdue_url": Wanted(state="overdue").url(),
        "mine": sum(task["mine"] for task in queue),
        "rows": rows,
        "totals": rows[-1] if rows else None,
        "days": day_rows(figures.by_day(request.user, month), month),
        "cells_url": f"{reverse('cells-geojson')}?level=county,township&edition={edition.pk}",
        "points_url": criteria.url("firepoints:map"),
        "edition": edition,
    }
    return render(request, "firepoints/home.html", context)


def _month_of(request: HttpRequest, visible: Any) -> tuple[Month, bool, str]:
    """The month to show, whether it is an earlier one because this one has no fire, and what is wrong with `?month=`."""
    text, error = request.GET.get("month", ""), ""
    if text:
        try:
            return Month.parse(text), False, ""
        except NotAMonth as not_a_month:
            error = str(not_a_month)
    return *_month_of_fires(visible), error


def _month_of_fires(visible: Any) -> tuple[Month, bool]:
    """This month, else the latest one with a fire; and whether it is another than this."""
    current = Month.of(clock.today_beijing())
    until_now = visible.filter(burn_date__lte=current.last_day)
    latest = until_now.order_by("-burn_date").values_list("burn_date", flat=True).first()
    month = Month.of(latest) if latest else current
    return month, month != current


def _switch(month: Month) -> list[dict[str, str]]:
    """The month before and the month after."""
    neighbours = [month.shift(-1), month.shift(1)]
    return [{"url": f"{reverse('home')}?month={neighbour}", "label": neighbour.words} for neighbour in neighbours]


def _money(of_month: figures.Figures, points: Any) -> Money:
    panel = panels.money()
    return panel.month(of_month, points) if panel else None


def tiles_of(numbers: dict[str, int], month: Month, money: Money) -> list[dict[str, Any]]:
    """Seven numbers, each a link to the rows that it counts."""

    def tile(label: str, icon: str, number: int, view: str, side: str = "", *, bad: bool = False) -> dict[str, Any]:
        url = Wanted(month=str(month), state=view).url()
        return {"url": url, "label": label, "icon": icon, "number": number, "side": side, "side_bad": bad}

    decided = numbers["counted"] + numbers["excluded"]
    share = f"占已认定 {numbers['excluded'] / decided:.0%}" if decided else ""
    overdue, negative, cross = numbers["overdue"], numbers["verified_negative"], numbers["joint_cross"]
    tiles = [
        tile("疑似 · 待派发", "suspected", numbers["state_suspected"], "suspected"),
        tile("已派发 · 待核实", "dispatched", numbers["state_dispatched"], "dispatched",
             f"超时 {overdue}" if overdue else "", bad=True),
        tile("待联合核实", "joint", numbers["state_joint"], "joint", f"跨界 {cross}" if cross else ""),
        tile("已核实 · 待认定", "verified", numbers["state_verified"], "verified",
             f"报不属实 {negative}" if negative else ""),
        tile("认定 · 计入", "counted", numbers["counted"], "counted",
             f"异议期 {numbers['state_objection']}" if numbers["state_objection"] else ""),
        tile("认定 · 不计入", "excluded", numbers["excluded"], "excluded", share),
    ]  # fmt: skip
    total = money.total if money else "0"
    url = (money.url if money else "") or Wanted(month=str(month), state="counted").url()
    side = money.side if money else "没有规则"
    tiles.append(
        {"url": url, "label": "应扣缴", "icon": "pay", "number": total, "unit": "万元", "side": side, "kind": "money"}
    )
    return tiles


def _steps_to_start() -> list[dict[str, Any]]:
    """The steps that an empty deployment still needs, in order; the first open step is now."""
    has_runs = ImportRun.objects.filter(state=ImportRun.State.COMMITTED).exists()
    steps = [
        ("账号与岗位", "市局经办、认定人、各县（区）指定部门：user add 建账号、任岗位", "依据 二、四(一)",
         Post.objects.exists() and User.objects.filter(is_system=False).exists()),
        ("网格边界", "市、县（区）、乡镇、村、组：grid import 导入，grid check 检查", "依据 二", Edition.objects.exists()),
        ("启用边界", "从某天起生效：grid activate；之后火点才有属地", "依据 二",
         Edition.objects.filter(state=Edition.State.ACTIVE).exists()),
        ("政策包", "来源、规则、期限、裁定、文书名称：pack load", "依据 四(二)", Ruling.objects.exists()),
        ("第一份清单", "国家、省卫星清单或 FIRMS 文件：先预览，再入库", "依据 四(一)", has_runs),
    ]  # fmt: skip
    now = next((at for at, step in enumerate(steps) if not step[3]), len(steps))
    return [
        {"no": at + 1, "title": title, "text": text, "clause": clause,
         "state": "done" if done else "now" if at == now else "todo"}
        for at, (title, text, clause, done) in enumerate(steps)
    ]  # fmt: skip
