"""API of batches, under /api/."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from penalties.api import batches, entries


class KeyConverter(IntConverter):
    """A number that fits a key; a longer one is no address of ours."""

    regex = "[0-9]{1,18}"


register_converter(KeyConverter, "key")

app_name = "penalties-api"
urlpatterns = [
    path("entries/", entries.Entries.as_view(), name="entries"),
    path("entries/<key:entry_id>/", entries.EntryDetail.as_view(), name="entry"),
    path("batches/", batches.Batches.as_view(), name="batches"),
    path("batches/<key:batch_id>/", batches.BatchDetail.as_view(), name="batch"),
    path("batches/<key:batch_id>/steps/", batches.BatchSteps.as_view(), name="batch-steps"),
]
