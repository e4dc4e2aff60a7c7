"""The words for what entries are about: each app registers its kinds of subject, its fields and the words of their values.

An entry keeps stable names and ids for ever (`firepoints.firepoint` 79, `state` verified); only here do they become what
people read, so that a renamed word changes no entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from core.registry import Named

Told = dict[str, tuple[str, str]]
"""{subject id: (what it is called, address of its page or "")}; an id that is not known is left out."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of subject. `tell` names ids in one query; `find` gives the ids that a typed name may mean."""

    label: str
    tell: Callable[[list[str]], Told] | None = None
    find: Callable[[str], Iterable[int | str]] | None = None


KINDS: Named[Kind] = Named(
    "kinds of subject",
    asked_by="the journal's page",
    what_for="what an entry is about, in words, and where its page is",
)
FIELDS: Named[str] = Named(
    "fields", asked_by="the journal's page", what_for="the words of the fields that an entry changed"
)
VALUES: Named[str] = Named(
    "values of fields", asked_by="the journal's page", what_for="the words of the values of those fields"
)


def register(kind: str, label: str, tell: Any = None, find: Any = None) -> None:
    """`kind` is a model's lower-case label or the first part of a (type, id) subject."""
    KINDS.add(kind, Kind(label, tell, find))


def register_fields(words: Mapping[str, str]) -> None:
    """The words of the fields of `before` and `after`; one name has one word in the whole journal."""
    for name, word in words.items():
        FIELDS.add(name, word)


def register_values(field: str, words: Mapping[str, str]) -> None:
    """The words of a field's stable values, e.g. a state's."""
    for key, word in words.items():
        VALUES.add(f"{field}={key}", str(word))


def label(kind: str) -> str:
    """The word of a kind; one that is not registered is shown by its own name."""
    return KINDS[kind].label if kind in KINDS else kind


def choices() -> list[tuple[str, str]]:
    """All kinds as (name, word), by word."""
    return sorted(((kind, subject_kind.label) for kind, subject_kind in KINDS.items()), key=lambda pair: pair[1])


def field(name: str) -> str:
    """The word of a field, else its own name."""
    return FIELDS.get(name) or name


def value(name: str, text: str) -> str:
    """The word of a field's value, else the value."""
    return VALUES.get(f"{name}={text}") or text


def told(subjects: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """(kind, id) → (name, address) of what can be named; at most one query for each kind."""
    ids: dict[str, set[str]] = defaultdict(set)
    for kind, key in subjects:
        if kind in KINDS and KINDS[kind].tell and key.isascii() and key.isdecimal() and len(key) < 19:
            ids[kind].add(key)
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, keys in ids.items():
        tell = KINDS[kind].tell
        names.update({(kind, key): name for key, name in (tell(sorted(keys)) if tell else {}).items()})
    return names


def meant(text: str) -> Q:
    """The entries whose subject has this id, or a name such as a fire point's number."""
    condition = Q(subject_id=text)
    for kind, subject_kind in KINDS.items():
        for key in subject_kind.find(text) if subject_kind.find else ():
            condition |= Q(subject_type=kind, subject_id=str(key))
    return condition
