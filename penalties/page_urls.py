"""Pages of the app."""

from django.urls import path

from penalties import pages

app_name = "penalties"
urlpatterns = [
    path("penalties/", pages.batch_list, name="list"),
    path("penalties/build/", pages.batch_build, name="build"),
    path("penalties/<int:pk>/", pages.batch_detail, name="detail"),
    path("penalties/<int:pk>/step/<slug:step>/", pages.batch_step, name="step"),
    path("penalties/<int:pk>/documents/<int:document_id>/", pages.batch_document, name="document"),
    path("penalties/<int:pk>/draft/<slug:kind>/", pages.batch_draft, name="draft"),
]
