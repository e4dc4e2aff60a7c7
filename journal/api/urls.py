"""API of the journal, under /api/."""

from django.urls import path

from journal.api import entries, proposals

app_name = "journal-api"
urlpatterns = [
    path("journal/entries/", entries.EntryList.as_view(), name="entries"),
    path("proposals/", proposals.Proposals.as_view(), name="proposals"),
    path("proposals/<int:proposal_id>/answer/", proposals.ProposalAnswer.as_view(), name="proposal_answer"),
    path("journal/head/", entries.Head.as_view(), name="head"),
]
