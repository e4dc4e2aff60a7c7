"""Pages of the journal."""

from django.urls import path

from journal.pages import entries, jobs

app_name = "journal"
urlpatterns = [
    path("journal/", entries.journal_list, name="list"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:job_id>/retry/", jobs.job_retry, name="job_retry"),
]
