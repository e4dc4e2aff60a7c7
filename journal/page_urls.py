"""Pages of the journal."""

from django.urls import path

from journal import pages

app_name = "journal"
urlpatterns = [path("journal/", pages.journal_list, name="list")]
