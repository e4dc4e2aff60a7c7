"""API of the journal, under /api/."""

from django.urls import path

from journal.api import entries

app_name = "journal-api"
urlpatterns = [
    path("journal/entries/", entries.EntryList.as_view(), name="entries"),
    path("journal/head/", entries.Head.as_view(), name="head"),
]
