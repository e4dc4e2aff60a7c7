"""The points that a list, a tile or a map shows: one table of named views, so that a number and the rows behind it agree."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Case, CharField, F, Q, QuerySet, When
from django.urls import reverse

from core import clock
from core.month import Month
from core.validators import MONTH
from firepoints.models import Detection, FirePoint, Source
from firepoints.steps import questions
from firepoints.steps.figures import COUNTED, EXCLUDED, WORKING
from firepoints.steps.searching import matching
from firepoints.steps.selectors import burned_in, of_source, on_fixed_heat_alone
from firepoints.terms.states import LIVE, Conclusion, State
from grids import selectors as grids

NOBODY = "none"
_LIVE = Q(state__in=LIVE)


def _overdue() -> Q:
    return Q(state=State.DISPATCHED, due_at__lt=clock.now())


VIEWS: dict[str, tuple[str, Any]] = {
    "suspected": ("疑似·待派发", Q(state=State.SUSPECTED)),
    "dispatched": ("已派发·待核实", Q(state=State.DISPATCHED)),
    "overdue": ("超时未核实", _overdue),
    "joint": ("待联合核实", Q(state=State.JOINT)),
    "verified": ("已核实·待认定", Q(state=State.VERIFIED)),
    "negative": ("报不属实", _LIVE & Q(verification__conclusion="false")),
    "counted": ("认定·计入", _LIVE & Q(counted=True)),
    "excluded": ("认定·不计入", _LIVE & Q(counted=False)),
    "to_notify": ("计入·待通报", Q(state=State.RECOGNISED, counted=True)),
    "objection": ("异议期", Q(state=State.OBJECTION)),
    "contested": ("异议复核", Q(state=State.CONTESTED)),
    "final": ("终局", Q(state=State.FINAL)),
    "working": ("处理中（未认定）", Q(state__in=(State.SUSPECTED, State.DISPATCHED, State.JOINT, State.VERIFIED))),
    "person": ("待人处理", lambda: _LIVE & questions.waits_for_a_person()),
    "cross": ("跨界", _LIVE & Q(is_cross=True)),
    "heat": ("固定热源线索", on_fixed_heat_alone),
    "merged": ("已并入", Q(state=State.MERGED)),
    "closed": ("已关闭", Q(state=State.CLOSED)),
    "all": ("全部（含并入、关闭）", Q()),
}


_ALIVE = {"state": tuple(LIVE)}
OF_FIGURES: dict[str, dict[str, Any]] = {
    "": _ALIVE,
    **{str(state): {"state": state} for state in State if state != State.RECOGNISED},
    "negative": {**_ALIVE, "conclusion": Conclusion.FALSE},
    "counted": {**_ALIVE, "counted": COUNTED},
    "excluded": {**_ALIVE, "counted": EXCLUDED},
    "to_notify": {"state": State.RECOGNISED, "counted": COUNTED},
    "working": {"state": WORKING},
    "cross": {**_ALIVE, "is_cross": True},
    "all": {},
}
"""The views whose number is a sum of figures."""


def answerable(points: QuerySet[FirePoint]) -> QuerySet[Any]:
    """Adds `answers_for`: who pays where that is decided (policy.md §2e), else the county, "" while it is nobody's."""
    return points.annotate(
        answers_for=Case(
            When(counted=True, then=F("recognition__payer_code")), default=F("county_code"), output_field=CharField()
        )
    )


def _answered_by(code: str) -> Q:
    """The condition on points that `answers_for` is this code, in columns of which the database knows how often each value is."""
    undecided = (Q(counted__isnull=True) | Q(counted=False)) & Q(county_code=code)
    return undecided | Q(counted=True, recognition__payer_code=code)


def condition_of(state: str) -> Q:
    """The condition of a named view; without a name, of the points that live on, neither merged nor closed."""
    condition = VIEWS[state][1] if state in VIEWS else _LIVE
    resolved: Q = condition() if callable(condition) else condition
    return resolved


@dataclass(frozen=True, slots=True)
class Wanted:
    """A narrowed view of the points, as the query string says it."""

    state: str = ""
    county: str = ""
    month: str = ""
    source: str = ""
    run: str = ""
    q: str = ""

    def query(self) -> str:
        parameters = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        return urlencode(parameters)

    def url(self, name: str = "firepoints:list") -> str:
        query = self.query()
        return reverse(name) + (f"?{query}" if query else "")

    def narrow(self, points: QuerySet[FirePoint]) -> QuerySet[FirePoint]:
        """`points` that fit. Without a state: those that live on, neither merged nor closed."""
        points = points.filter(condition_of(self.state))
        if self.county:
            points = points.filter(_answered_by("" if self.county == NOBODY else self.county))
        if self.month:
            points = points.filter(burned_in(Month.parse(self.month)))
        if self.source:
            points = points.filter(of_source(self.source))
        if self.run:
            mine = Detection.objects.filter(run=int(self.run), memberships__is_active=True)
            points = points.filter(pk__in=mine.values("memberships__point"))
        return points.filter(matching(self.q)) if self.q else points

    def of_figures(self) -> dict[str, Any] | None:
        """The values of the figures that count these points; None where only their rows do."""
        if self.source or self.run or self.q or self.state not in OF_FIGURES:
            return None
        payer = {"answers_for": "" if self.county == NOBODY else self.county} if self.county else {}
        return {**OF_FIGURES[self.state], **payer}


class FilterForm(forms.Form):
    """The form above the list; every value is optional and an unreadable one is said, not guessed."""

    state = forms.ChoiceField(label="状态", required=False)
    county = forms.ChoiceField(label="县（区）", required=False)
    month = forms.CharField(
        label="起火月（北京）", required=False, validators=[MONTH], widget=forms.TextInput(attrs={"type": "month"})
    )
    source = forms.ChoiceField(label="来源", required=False)
    run = forms.RegexField(r"\A[0-9]{1,18}\Z", label="第几次导入", required=False, widget=forms.HiddenInput)
    q = forms.CharField(
        label="编号、地名、代码、责任人、文件或文号",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        payers = [(row.code, row.name) for row in grids.payers_listed(clock.today_beijing())]
        sources = list(Source.objects.values_list("code", "name"))
        views = [(key, label) for key, (label, _) in VIEWS.items()]
        self._choose("state", [("", "全部在办"), *views])
        self._choose("county", [("", "全部"), *payers, (NOBODY, "还没有定")])
        self._choose("source", [("", "全部"), *sources])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = choices

    def wanted(self) -> Wanted:
        return Wanted(**{name: self.cleaned_data.get(name, "") for name in Wanted.__slots__})
