"""Append-only tables: rows are added and never changed, by ORM or by SQL.

Three walls, each tested: the queryset and the model refuse, database triggers refuse (`core.db.triggers`), and
`journal verify` fails when a trigger is missing.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, TypeVar

from django.apps import apps
from django.db import models

from core.errors import AppendOnly
from core.registry import Named

M = TypeVar("M", bound=type[models.Model])

MODELS: Named[type[models.Model]] = Named(
    "append-only tables", asked_by="`migrate`, `journal verify`", what_for="append-only tables beside the heirs below"
)


def register(model: M) -> M:
    """Mark a model append-only: its table gets the triggers. Usable as a decorator."""
    MODELS.add(model._meta.label_lower, model)
    return model


def registered() -> list[type[models.Model]]:
    """All append-only models by label: the registered ones and every concrete heir of AppendOnlyModel."""
    by_label = dict(MODELS.items())
    for model in apps.get_models(include_auto_created=True):
        if issubclass(model, AppendOnlyModel) and not model._meta.proxy:
            by_label[model._meta.label_lower] = model
    return [by_label[label] for label in sorted(by_label)]


def _refuse(model: type[models.Model], verb: str) -> NoReturn:
    raise AppendOnly(f"{model._meta.label} is append-only: {verb} is refused; add a new row instead")


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """A queryset that can add and read, nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        _refuse(self.model, "update")

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> NoReturn:
        _refuse(self.model, "bulk_update")

    def update_or_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self.model, "update_or_create")

    def delete(self) -> NoReturn:
        _refuse(self.model, "delete")

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts"):
            _refuse(self.model, "bulk_create(update_conflicts=True)")
        return super().bulk_create(objs, *args, **kwargs)


class AppendOnlyModel(models.Model):
    """A row that is written once. `save` inserts; a second `save`, and `delete`, raise AppendOnly."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding or kwargs.get("force_update"):
            _refuse(type(self), "save on an existing row")
        # force_insert: a row with a key of its own must never be tried as an UPDATE first.
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(type(self), "delete")


class AnsweredOnceQuerySet(AppendOnlyQuerySet):
    """A queryset that can add, read, and write the answer of rows that have none yet."""

    def update(self, **kwargs: Any) -> int:  # type: ignore[override]
        """Answer the open rows among these; returns how many were. Anything but a whole answer raises AppendOnly."""
        model: type[AnsweredOnceModel] = self.model
        if set(kwargs) != set(model.ANSWER) or kwargs[model.ANSWER[0]] is None:
            _refuse(self.model, "update of anything but the answer")
        return models.QuerySet.update(self.filter(**{f"{model.ANSWER[0]}__isnull": True}), **kwargs)


class AnsweredOnceModel(models.Model):
    """A row that asks: written once, answered at most once. `ANSWER` names the fields of the answer, first the one that is
    null while the row is open. Held by the queryset, by triggers, and by `journal verify`, as the append-only tables are."""

    ANSWER: ClassVar[tuple[str, ...]]
    objects = AnsweredOnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding or kwargs.get("force_update"):
            _refuse(type(self), "save on an existing row")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(type(self), "delete")


def answered_once() -> dict[str, tuple[str, ...]]:
    """{table: the columns of its answer} of every concrete heir of AnsweredOnceModel, by table."""
    heirs = [model for model in apps.get_models() if issubclass(model, AnsweredOnceModel) and not model._meta.proxy]
    columns = {model._meta.db_table: _columns(model) for model in heirs}
    return dict(sorted(columns.items()))


def _columns(model: type[AnsweredOnceModel]) -> tuple[str, ...]:
    column_of = {field.name: str(field.column) for field in model._meta.concrete_fields}
    return tuple(column_of[name] for name in model.ANSWER)
