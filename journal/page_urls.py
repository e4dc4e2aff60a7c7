"""Pages of the journal."""

from django.urls import path

from journal import job_pages, pages

app_name = "journal"
urlpatterns = [
    path("journal/", pages.journal_list, name="list"),
    path("jobs/", job_pages.job_list, name="jobs"),
    path("jobs/<int:job_id>/retry/", job_pages.job_retry, name="job_retry"),
]
