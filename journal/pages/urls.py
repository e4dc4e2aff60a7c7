"""Pages of the journal."""

from django.urls import path

from journal.pages import entries, jobs, proposals

app_name = "journal"
urlpatterns = [
    path("journal/", entries.journal_list, name="list"),
    path("proposals/", proposals.proposal_list, name="proposals"),
    path("proposals/<int:proposal_id>/answer/", proposals.proposal_answer, name="proposal_answer"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:job_id>/retry/", jobs.job_retry, name="job_retry"),
]
