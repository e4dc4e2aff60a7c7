"""The filters of the journal, on the page and in the API alike."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import django_filters
from django.db.models import QuerySet
from django.forms import DateInput

from core import clock, ways
from journal.models import Entry, Proposal
from journal.record import acts, subjects

# Nothing was recorded before or will be after; the ends of the calendar have no neighbours and no UTC.
EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.BEIJING)


class EntryFilter(django_filters.FilterSet):
    """Dates are Beijing dates, both included."""

    act = django_filters.ChoiceFilter(label="事项", choices=acts.choices, empty_label="全部")
    subject_type = django_filters.CharFilter(label="对象类型")
    subject_id = django_filters.CharFilter(label="对象编号", method="about")
    actor = django_filters.NumberFilter(label="办理人编号", field_name="actor_id")
    way = django_filters.ChoiceFilter(label="途径", choices=list(ways.LABELS.items()), empty_label="全部")
    date_from = django_filters.DateFilter(label="从", method="since", widget=DateInput(attrs={"type": "date"}))
    date_to = django_filters.DateFilter(label="到", method="until", widget=DateInput(attrs={"type": "date"}))

    class Meta:
        model = Entry
        fields: list[str] = []

    def about(self, entries: QuerySet[Entry], name: str, text: str) -> QuerySet[Entry]:
        """The entries about an id, or about the name that people know (BX2026-0001)."""
        return entries.filter(subjects.meant(text.strip()))

    def since(self, entries: QuerySet[Entry], name: str, day: date) -> QuerySet[Entry]:
        return entries if day <= EARLIEST else entries.filter(at__gte=_midnight(day))

    def until(self, entries: QuerySet[Entry], name: str, day: date) -> QuerySet[Entry]:
        return entries if day >= LATEST else entries.filter(at__lt=_midnight(day + timedelta(days=1)))


class ProposalFilter(django_filters.FilterSet):
    """By answer (`open`: none yet), by act, by subject."""

    answer = django_filters.ChoiceFilter(
        label="答复", choices=[("open", "没有答复"), *Proposal.Answer.choices], method="answered"
    )
    act = django_filters.CharFilter(label="事项")
    subject_kind = django_filters.CharFilter(label="对象类型")
    subject_id = django_filters.CharFilter(label="对象编号")

    class Meta:
        model = Proposal
        fields: list[str] = []

    def answered(self, proposals: QuerySet[Proposal], name: str, answer: str) -> QuerySet[Proposal]:
        return proposals.filter(answer="" if answer == "open" else answer)
