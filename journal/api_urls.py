"""API of the journal, under /api/."""

from django.urls import path

from journal import api

app_name = "journal-api"
urlpatterns = [
    path("journal/entries/", api.EntryList.as_view(), name="entries"),
    path("journal/head/", api.Head.as_view(), name="head"),
]
