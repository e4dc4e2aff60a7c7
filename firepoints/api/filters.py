"""The filters of lists: the same as the command and the pages, checked before the database is asked."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.validators import MONTH
from firepoints.models import FirePoint, RawRow
from firepoints.steps import selectors
from firepoints.terms.states import State


class FirePointFilter(django_filters.FilterSet):
    """The filters of `selectors.filter_points`."""

    state = django_filters.ChoiceFilter(choices=State.choices, label="状态")
    county = django_filters.CharFilter(max_length=20, label="县（区）代码，含候选")
    month = django_filters.CharFilter(validators=[MONTH], label="起火月份 YYYY-MM（北京）")
    number = django_filters.CharFilter(max_length=30, label="编号，全文")
    source = django_filters.CharFilter(max_length=30, label="来源代码，例如 provincial_list")
    q = django_filters.CharFilter(max_length=30, label="编号或其开头、序号、地名、代码、责任人、文件名或文号")
    counted = django_filters.BooleanFilter(label="是否计入")
    cross = django_filters.BooleanFilter(label="是否跨界")
    needs_person = django_filters.BooleanFilter(label="只看待人处理的")
    overdue = django_filters.BooleanFilter(label="只看超期的")

    class Meta:
        model = FirePoint
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[FirePoint]) -> QuerySet[FirePoint]:
        criteria: dict[str, Any] = self.form.cleaned_data
        by = selectors.PointFilter(
            **{name: criteria[name] or "" for name in ("state", "county", "month", "source", "q")},
            counted=criteria["counted"],
            is_cross=criteria["cross"],
            needs_person=bool(criteria["needs_person"]),
            overdue=bool(criteria["overdue"]),
        )
        points = selectors.filter_points(queryset, by)
        return points.filter(number=criteria["number"]) if criteria["number"] else points


class RowFilter(django_filters.FilterSet):
    """The rows of a file by what became of them."""

    outcome = django_filters.ChoiceFilter(choices=RawRow.Outcome.choices, label="结果")

    class Meta:
        model = RawRow
        fields: tuple[str, ...] = ()
