"""谁现在要做什么: what waits for a person, the signed-in one's own first, the late before the rest.

Over every month: a deadline does not end with the month that the page shows. The queries read what is open, not what ever was.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from core import clock
from firepoints.life.answers import is_turn_of
from firepoints.life.waiting_rows import waiting_rows_for
from firepoints.models import FirePoint, Question
from firepoints.models.points import FLAGGED
from firepoints.pages import panels
from firepoints.pages.points import words
from firepoints.pages.points.filters import Wanted
from firepoints.steps import figures, questions
from firepoints.steps.figures import Figures
from firepoints.steps.questions import asked_points
from firepoints.steps.selectors import ASK_THEM, on_fixed_heat_alone
from firepoints.terms.states import Conclusion, State
from grids.models import User
from grids.roles import ROLE_LABELS, Role
from journal.proposals.selectors import for_answer_by

SINGLES, HEADS = 6, 2
SINGLE_STATES = {
    str(State.DISPATCHED): ("dispatched", "待核实", Role.COUNTY),
    str(State.JOINT): ("joint", "待联合核实", Role.BUREAU),
    str(State.CONTESTED): ("counted", "待复核异议", Role.RECOGNISER),
}
"""The states whose points are listed one by one: the mark, what they wait for, and who acts next."""
SUSPICIONS = ("heat", "suspected", "cross", "person")
MAY_ANSWER = frozenset({Role.BUREAU, Role.RECOGNISER})
Item = dict[str, Any]
Moments = dict[str, Combinable]


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do, and the role whose turn it is; `who` is said to everybody else."""

    url: str
    icon: str
    title: str
    due: str
    who: str
    role: Role
    is_late: bool = False

    def item_for(self, roles: frozenset[Role]) -> Item:
        """The item as a user with these roles reads it."""
        is_mine = self.role in roles
        return {
            "url": self.url,
            "icon": self.icon,
            "title": self.title,
            "due": self.due,
            "who": f"轮到您 · {self.who}" if is_mine else self.who or ROLE_LABELS[self.role],
            "late": self.is_late,
            "mine": is_mine,
        }


def queue_of(user: Any, roles: frozenset[Role]) -> list[Item]:
    """Items for partials/q.html with `mine` and `late`; `overdue` of all together is the number of overdue points."""
    visible = FirePoint.objects.visible_to(user)
    now = clock.now()
    counts = _counts(user, visible, roles, now)
    heads = list(_questions(roles, counts["questions"], now))
    items = [
        *_singles(visible, roles, counts, now),
        *_groups(user, roles, counts, now),
    ]
    panel = panels.money()
    if panel is not None:
        items += panel.tasks(user)
    return heads + sorted(
        items, key=lambda task: (not (task["mine"] and task["late"]), not task["mine"], not task["late"])
    )


def _counts(user: Any, visible: Any, roles: frozenset[Role], now: datetime) -> dict[str, Any]:
    """How many points wait for each thing, and since or until when: the numbers from the figures, and of the rows only those
    that are open and wait for more than the next step. Three queries."""
    open_ = figures.of_open_work(user)
    states = {str(state): open_.count(state=state) for state in SINGLE_STATES} | {
        "verified": open_.count(state=State.VERIFIED),
        "negative": open_.count(state=State.VERIFIED, conclusion=Conclusion.FALSE),
        "to_notify": open_.count(state=State.RECOGNISED, counted=figures.COUNTED),
        "objection": open_.count(state=State.OBJECTION),
    }
    suspected, moments = _suspected(visible, open_.only(state=State.SUSPECTED))
    moments |= _moments(visible, roles, states, now)
    return {"overdue": 0, "first_verified": None, "first_window": None, **states, **suspected, **_read(user, moments)}


def _suspected(visible: Any, open_: Figures) -> tuple[dict[str, Any], Moments]:
    """The suspicions by what they wait for, and the moments still to be read. Those that are not simply dispatched next are
    counted by row, the rest is what remains of the figures."""
    if not open_.count():
        return {f"{name}{end}": None if end else 0 for name in SUSPICIONS for end in ("", "_since")}, Moments()
    points = visible.filter(state=State.SUSPECTED)
    is_asked = questions.is_asked()
    heat = on_fixed_heat_alone()  # a pile of its own: most sightings of some cities are steel works
    person = Q(is_cross=False) & (Q(is_oversize=True) | is_asked) & ~heat
    apart = FirePoint.objects.filter(FLAGGED).order_by().values("pk").union(asked_points())
    counted = points.filter(pk__in=apart).order_by().aggregate(
        heat=Count("pk", filter=heat), heat_since=Min("created_at", filter=heat),
        heat_cross=Count("pk", filter=heat & Q(is_cross=True)),
        person=Count("pk", filter=person), person_since=Min("created_at", filter=person),
    )  # fmt: skip
    heat_cross = counted.pop("heat_cross")
    cross = open_.count(is_cross=True) - heat_cross
    plain = open_.count(is_cross=False) - (counted["heat"] - heat_cross) - counted["person"]
    of_cross, of_plain = Q(is_cross=True) & ~heat, Q(is_cross=False, is_oversize=False) & ~is_asked & ~heat
    moments = Moments()
    if cross:
        moments["cross_since"] = _first(points.filter(of_cross), "created_at")
    if plain:
        moments["suspected_since"] = _first(points.filter(of_plain), "created_at")
    return {**counted, "cross": cross, "cross_since": None, "suspected": plain, "suspected_since": None}, moments


def _moments(visible: Any, roles: frozenset[Role], counts: dict[str, int], now: datetime) -> Moments:
    verified, window = visible.filter(state=State.VERIFIED), visible.filter(state=State.OBJECTION)
    late = visible.filter(state=State.DISPATCHED, due_at__lt=now)
    moments: Moments = {"questions": _number(questions_for(roles)), "waiting_rows": _number(waiting_rows_for(roles))}
    if counts[State.DISPATCHED]:
        moments["overdue"] = _number(late)
    if counts["verified"]:
        moments["first_verified"] = _first(verified, "verification__at")
    if counts["objection"]:
        moments["first_window"] = _first(window, "objection_until")
    return moments


def _read(user: Any, moments: Moments) -> dict[str, Any]:
    """The numbers and moments of some subqueries, all in one query: beside the row of the user, which is always there."""
    return dict(User.objects.filter(pk=user.pk).values(**moments).get())


def _number(rows: QuerySet[Any]) -> Combinable:
    """How many rows, as a subquery."""
    grouped = rows.order_by().annotate(of_all=Value(1)).values("of_all")
    return Coalesce(Subquery(grouped.annotate(number=Count("pk")).values("number")), 0)


def _first(points: QuerySet[FirePoint], moment: str) -> Combinable:
    """The first moment of this name, as a subquery."""
    return Subquery(points.order_by(moment).values(moment)[:1])


def _singles(visible: Any, roles: frozenset[Role], counts: dict[str, Any], now: datetime) -> Iterable[Item]:
    """The points that somebody must go to, each by itself, and how many of each state are left out of the list.

    Overdue first, then by deadline; what has no deadline comes last on every database, or it would push the overdue out.
    """
    if not any(counts[state] for state in SINGLE_STATES):
        return
    waiting = visible.filter(state__in=SINGLE_STATES).select_related("attribution")
    points = list(waiting.order_by(F("due_at").asc(nulls_last=True), "starts_at", "pk")[:SINGLES])
    for point in points:
        yield _single(point, roles, now)
    listed = Counter(str(point.state) for point in points)
    late = counts["overdue"] - sum(is_overdue(point, now) for point in points)
    for state, (icon, label, role) in SINGLE_STATES.items():
        if rest := counts[state] - listed[state]:
            yield _rest(state, f"另有 {rest} 处{label}（共 {counts[state]} 处）", icon, roles, role,
                        late=late if state == State.DISPATCHED else 0)  # fmt: skip


def _rest(state: str, title: str, icon: str, roles: frozenset[Role], role: Role, *, late: int) -> Item:
    """The line for the points that the list leaves out, with how many of them are overdue."""
    due = f"超时 {late}" if late else ""
    item = Task(Wanted(state=state).url(), icon, title, due, "看列表", role, is_late=late > 0).item_for(roles)
    return {**item, "mine": item["mine"] or (late > 0 and Role.BUREAU in roles), "overdue": late}


def is_overdue(point: FirePoint, now: datetime) -> bool:
    return point.state == State.DISPATCHED and point.due_at is not None and point.due_at < now


def _single(point: FirePoint, roles: frozenset[Role], now: datetime) -> Item:
    url = reverse("firepoints:detail", args=[point.pk])
    place = words.place_of(point)
    if point.state == State.DISPATCHED:
        due, is_late = words.due_words(point.due_at, now)
        is_mine = bool(roles & {Role.COUNTY, Role.INSPECTOR})
        verb = "催核实" if Role.BUREAU in roles else "核实"
        if is_mine:
            url = reverse("firepoints:report", args=[point.pk])
        task = Task(url, "dispatched", f"{verb} {point}", due, f"{place} · 指定部门", Role.COUNTY, is_late)
        return {**task.item_for(roles), "mine": is_mine or (is_late and Role.BUREAU in roles), "overdue": int(is_late)}
    if point.state == State.JOINT:
        kind = "跨界" if point.is_cross else "争议"
        task = Task(url, "joint", f"联合核实 {point} {kind}", "", f"{place} · 市局会同各县", Role.BUREAU)
    else:
        task = Task(url, "counted", f"复核异议 {point}", "", f"{place} · 认定人", Role.RECOGNISER)
    return task.item_for(roles)


def questions_for(roles: frozenset[Role]) -> QuerySet[Question]:
    """The open questions that it is the turn of these roles to answer."""
    return Question.objects.unanswered().filter(is_turn_of(roles)) if roles & ASK_THEM else Question.objects.none()


def _questions(roles: frozenset[Role], count: int, now: datetime) -> Iterable[Item]:
    """The questions that are due first, each by itself, and how many more wait: they stand before money, so they head the list."""
    if not count:
        return
    role = Role.BUREAU if Role.BUREAU in roles else Role.RECOGNISER
    for row in questions_for(roles).select_related("point").order_by(F("due_at").asc(nulls_last=True), "pk")[:HEADS]:
        due, is_late = words.due_words(row.due_at, now)
        title = f"答复：{row.get_kind_display()} {row.point or ''}".strip()
        task = Task(reverse("firepoints:question", args=[row.pk]), "warn", title, due, ROLE_LABELS[role], role, is_late)
        yield task.item_for(roles)
    if count > HEADS:
        yield Task(reverse("firepoints:questions"), "warn", f"答复疑问共 {count} 个", "", "看列表", role).item_for(
            roles
        )


def _groups(user: Any, roles: frozenset[Role], counts: dict[str, Any], now: datetime) -> Iterable[Item]:
    """The piles that one person works off, each with how long its oldest has waited."""
    if counts["verified"]:
        negative = f" · 其中 {counts['negative']} 处报“不属实”" if counts["negative"] else ""
        url = reverse("firepoints:review") if Role.RECOGNISER in roles else Wanted(state="verified").url()
        due = _at(counts["first_verified"], "最早")
        task = Task(url, "verified", f"认定 {counts['verified']} 处", due, f"认定人{negative}", Role.RECOGNISER)
        yield task.item_for(roles)
    if roles & MAY_ANSWER and (proposals := for_answer_by(user)):
        due = _at(proposals[0].asked_at, "最早")
        role = Role.RECOGNISER if Role.RECOGNISER in roles else Role.BUREAU
        title = f"答复 {len(proposals)} 件提请"
        yield Task(reverse("journal:proposals"), "warn", title, due, "要由两人办理", role).item_for(roles)
    if waiting := counts["waiting_rows"]:
        url = reverse("imports:outside_findings")
        role = Role.BUREAU if Role.BUREAU in roles else Role.RECOGNISER
        task = Task(url, "warn", f"处理 {waiting} 件等待归处的行", "", "市局经办、认定人", role)
        yield task.item_for(roles)
    for view, icon, title, due, who, role in _piles(counts, now):
        if counts[view]:
            yield Task(Wanted(state=view).url(), icon, title.format(n=counts[view]), due, who, role).item_for(roles)


def _piles(counts: dict[str, Any], now: datetime) -> list[tuple[str, str, str, str, str, Role]]:
    """(view of the list and its count, icon, title, since or until when, whose it is, role) of each pile."""

    def since(name: str) -> str:
        return f"已等 {words.span(now - counts[f'{name}_since'])}" if counts[f"{name}_since"] else ""

    window = _at(counts["first_window"], "最早")
    return [
        ("suspected", "suspected", "派发 {n} 处疑似火点", since("suspected"), "市局经办", Role.BUREAU),
        ("cross", "suspected", "标记跨界 {n} 处，再联合核实", since("cross"), "像元跨两个县（区）", Role.BUREAU),
        ("person", "warn", "核对 {n} 处待人处理的", since("person"), "市局经办", Role.BUREAU),
        ("to_notify", "counted", "通报 {n} 处计入的火点", "", "市局经办", Role.BUREAU),
        ("objection", "counted", "看认定，{n} 处在异议期", window, "属地县（区）", Role.COUNTY),
        ("heat", "suspected", "看过后关闭 {n} 处固定热源线索", since("heat"), "市局经办 · 可一并关闭", Role.BUREAU),
    ]


def _at(moment: datetime | None, word: str) -> str:
    return f"{word} {timezone.localtime(moment):%m-%d %H:%M}" if moment else ""
