"""Pages of the app."""

from django.urls import path

from penalties import circular_pages, pages

app_name = "penalties"
urlpatterns = [
    path("penalties/", pages.batch_list, name="list"),
    path("penalties/circulars/", circular_pages.circular_list, name="circulars"),
    path("penalties/circulars/make", circular_pages.circular_make, name="circular_make"),
    path("penalties/circulars/<int:pk>/", circular_pages.circular_detail, name="circular"),
    path("penalties/circulars/<int:pk>/issue", circular_pages.circular_issue, name="circular_issue"),
    path("penalties/circulars/<int:pk>/papers/<slug:kind>/", circular_pages.circular_paper, name="circular_paper"),
    path("penalties/build/", pages.batch_build, name="build"),
    path("penalties/<int:pk>/", pages.batch_detail, name="detail"),
    path("penalties/<int:pk>/step/<slug:step>/", pages.batch_step, name="step"),
    path("penalties/<int:pk>/documents/<int:document_id>/", pages.batch_document, name="document"),
    path("penalties/<int:pk>/draft/<slug:kind>/", pages.batch_draft, name="draft"),
]
