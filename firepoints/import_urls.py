"""Pages of the import; included by page_urls.py beside the pages of the points."""

from django.urls import path

from firepoints import import_pages

app_name = "imports"
urlpatterns = [
    path("imports/", import_pages.run_list, name="list"),
    path("imports/new/", import_pages.upload, name="new"),
    path("imports/preview/", import_pages.preview, name="preview"),
    path("imports/<uuid:uuid>/", import_pages.run_detail, name="run"),
    path("imports/<uuid:uuid>/withdraw/", import_pages.withdraw, name="withdraw"),
    path("findings/new/", import_pages.finding, name="finding"),
]
