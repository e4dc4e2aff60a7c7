"""The journal on the screen: what was done, by whom, and whether it is sealed. Reads only."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form, Select
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from core import ways
from journal import access_rules, selectors
from journal.filters import EntryFilter
from journal.models import Entry
from journal.record import acts, names, sealing, subjects

PAGE = 50


@require_safe
def journal_list(request: HttpRequest) -> HttpResponse:
    """Entries, newest first, page by page from a key, so that deep pages cost what the first costs."""
    if not access_rules.may_read(request.user):
        raise PermissionDenied("只有获授权的岗位可以查看记录。")
    filters = EntryFilter(request.GET, queryset=selectors.entries_visible_to(request.user).select_related("seal"))
    # A filter that cannot be read shows its error and nothing else: all entries would look like an answer.
    queryset = filters.qs if filters.is_valid() else Entry.objects.none()
    entries, newer, older = _page(queryset, request.GET.get("before", ""), request.GET.get("after", ""))
    people = names.actor_names(entry.actor_id for entry in entries)
    subject_names = subjects.told((entry.subject_type, entry.subject_id) for entry in entries)
    seq, head_hash = sealing.head()
    context = {
        "form": _form(filters),
        "filtered": any(value for key, value in request.GET.items() if key not in ("before", "after")),
        "rows": [_row(entry, people, subject_names) for entry in entries],
        "prev_url": _url(request, "after", newer),
        "next_url": _url(request, "before", older),
        "seq": seq,
        "head_hash": head_hash,
        "unsealed": sealing.waiting(),
    }
    return render(request, "journal/list.html", context)


def _page(queryset: QuerySet[Entry], before: str, after: str) -> tuple[list[Entry], int | None, int | None]:
    """One page, and the keys of the newer and the older page (None at either end)."""
    if _is_key(after):
        rows = list(queryset.filter(id__gt=int(after)).order_by("id")[: PAGE + 1])
        more = len(rows) > PAGE
        page = rows[:PAGE][::-1]
        return page, page[0].pk if page and more else None, page[-1].pk if page else None
    older_than = {"id__lt": int(before)} if _is_key(before) else {}
    rows = list(queryset.filter(**older_than).order_by("-id")[: PAGE + 1])
    page = rows[:PAGE]
    return page, page[0].pk if page and older_than else None, page[-1].pk if len(rows) > PAGE else None


def _is_key(text: str) -> bool:
    """Whether a text can be the key of an entry: "²" and a number beyond bigint cannot."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def _url(request: HttpRequest, key: str, value: int | None) -> str:
    if value is None:
        return ""
    query = request.GET.copy()
    for old in ("before", "after"):
        query.pop(old, None)
    query[key] = str(value)
    return "?" + query.urlencode()


def _form(filters: EntryFilter) -> Form:
    """The filter's form, its kinds of subject as a list to choose from; one that nobody registered stays as it was given."""
    form: Form = filters.form
    subject_type = form.data.get("subject_type", "")
    choices = subjects.choices()
    extra = [(subject_type, subject_type)] if subject_type and subject_type not in dict(choices) else []
    form.fields["subject_type"].widget = Select(choices=[("", "全部"), *choices, *extra])
    return form


def _row(entry: Entry, people: dict[int, str], subject_names: dict[tuple[str, str], tuple[str, str]]) -> dict[str, Any]:
    name, url = subject_names.get((entry.subject_type, entry.subject_id), (entry.subject_id, ""))
    return {
        "entry": entry,
        "act": acts.label(entry.act),
        "who": "系统" if entry.actor_id is None else people[entry.actor_id],
        "way": ways.words(entry.way, entry.way_by),
        "only_who": "" if entry.actor_id is None else "?" + urlencode({"actor": entry.actor_id}),
        "subject": subjects.label(entry.subject_type),
        "name": name,
        "url": url,
        "only": "?" + urlencode({"subject_type": entry.subject_type, "subject_id": entry.subject_id}),
        "changes": _changes(entry),
        "seal": getattr(entry, "seal", None),
    }


def _changes(entry: Entry) -> list[dict[str, str]]:
    """Field, before, after: as words, for reading side by side. What an act was given (`data`) stands with the rest."""
    before, after = _flat(entry.before), _flat(entry.after)
    changes = [
        {
            "field": subjects.field(name),
            "before": _text(name, before.get(name)) if before.get(name) != after.get(name) else "",
            "after": _text(name, after.get(name)),
        }
        for name in sorted({**before, **after})
    ]
    return [change for change in changes if change["before"] or change["after"]]


def _flat(facts: Any) -> dict[str, Any]:
    if not isinstance(facts, dict):
        return {"": facts}
    data = facts.get("data")
    return {**facts, "data": None, **data} if isinstance(data, dict) else facts


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return subjects.value(name, value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
