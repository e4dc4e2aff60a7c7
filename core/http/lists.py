"""The base of our lists: one place for scope, filter, page and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpResponseBase
from rest_framework import generics, mixins
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from core.http.exports import CSVRenderer, csv_answer, wants_csv

M = TypeVar("M", bound=Model)


class Listing(mixins.ListModelMixin, generics.GenericAPIView[M]):
    """Subclasses give `get_queryset` (scoped), `present` and a serializer for the schema; `listed` answers a GET.

    `csv_name` is the name of the file; its columns are the fields of the serializer.
    """

    renderer_classes: Sequence[Any] = (JSONRenderer, CSVRenderer)
    csv_name = "list"

    def present(self, rows: Sequence[M]) -> list[dict[str, Any]]:
        """The rows as they are shown; by default by the serializer."""
        return [dict(self.get_serializer(row).data) for row in rows]

    def listed(self, request: Request) -> HttpResponseBase:
        rows: QuerySet[M] = self.filter_queryset(self.get_queryset())
        if wants_csv(request):
            return csv_answer(
                request,
                rows=rows,
                paginator=self.paginator,  # type: ignore[arg-type]
                columns=list(cast(Serializer[Any], self.get_serializer()).fields),
                present=self.present,
                name=self.csv_name,
            )
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.present(page or ()))
