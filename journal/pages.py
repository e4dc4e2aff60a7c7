"""The journal on the screen: what was done, by whom, and whether it is sealed. Reads only."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from journal import access_rules, acts, names, sealing, selectors
from journal.filters import EntryFilter
from journal.models import Entry

PAGE = 50


@require_safe
def journal_list(request: HttpRequest) -> HttpResponse:
    """Entries, newest first, page by page from a key, so that deep pages cost what the first costs."""
    if not access_rules.may_read(request.user):
        raise PermissionDenied("只有获授权的岗位可以查看记录。")
    filters = EntryFilter(request.GET, queryset=selectors.entries_visible_to(request.user).select_related("seal"))
    # A filter that cannot be read shows its error and nothing else: all entries would look like an answer.
    found = filters.qs if filters.is_valid() else Entry.objects.none()
    entries, newer, older = _page(found, request.GET.get("before", ""), request.GET.get("after", ""))
    people = names.actor_names(entry.actor_id for entry in entries)
    seq, head_hash = sealing.head()
    context = {
        "form": filters.form,
        "filtered": any(value for key, value in request.GET.items() if key not in ("before", "after")),
        "rows": [_row(entry, people) for entry in entries],
        "prev_url": _url(request, "after", newer),
        "next_url": _url(request, "before", older),
        "seq": seq,
        "head_hash": head_hash,
        "unsealed": sealing.waiting(),
    }
    return render(request, "journal/list.html", context)


def _page(found: QuerySet[Entry], before: str, after: str) -> tuple[list[Entry], int | None, int | None]:
    """One page, and the keys of the newer and the older page (None at either end)."""
    if _is_key(after):
        rows = list(found.filter(id__gt=int(after)).order_by("id")[: PAGE + 1])
        more = len(rows) > PAGE
        page = rows[:PAGE][::-1]
        return page, page[0].pk if page and more else None, page[-1].pk if page else None
    older_than = {"id__lt": int(before)} if _is_key(before) else {}
    rows = list(found.filter(**older_than).order_by("-id")[: PAGE + 1])
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


def _row(entry: Entry, people: dict[int, str]) -> dict[str, Any]:
    return {
        "entry": entry,
        "act": acts.label(entry.act),
        "who": "系统" if entry.actor_id is None else people[entry.actor_id],
        "subject": _subject_label(entry.subject_type),
        "changes": _changes(entry),
        "seal": getattr(entry, "seal", None),
    }


def _subject_label(subject_type: str) -> str:
    try:
        return str(apps.get_model(subject_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return subject_type


def _changes(entry: Entry) -> list[dict[str, str]]:
    """Field, before, after: as text, for reading side by side."""
    before = entry.before if isinstance(entry.before, dict) else {"": entry.before}
    after = entry.after if isinstance(entry.after, dict) else {"": entry.after}
    fields = sorted({**before, **after})
    changes = [{"field": one, "before": _text(before.get(one)), "after": _text(after.get(one))} for one in fields]
    return [change for change in changes if change["before"] or change["after"]]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
