"""The filters of the list of entries: the same as those of the page."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from core.validators import MONTH
from penalties.explaining import reach
from penalties.models import LedgerEntry


class EntryFilter(django_filters.FilterSet):
    """The filters of the page."""

    month = django_filters.CharFilter(validators=[MONTH], label="起火月 YYYY-MM（北京）")
    payer = django_filters.CharFilter(max_length=20, label="付款单位代码")
    kind = django_filters.ChoiceFilter(choices=list(reach.KINDS.items()), label="扣或退")
    batch = django_filters.NumberFilter(min_value=1, max_value=10**15, label="批次")
    point = django_filters.NumberFilter(min_value=1, max_value=10**15, label="火点")

    class Meta:
        model = LedgerEntry
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        return reach.narrowed(queryset, **{name: value for name, value in self.form.cleaned_data.items() if value})
