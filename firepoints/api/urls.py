"""API of fire points, under /api/."""

from django.urls import path

from firepoints.api import evidence, imports, outside, points, rechecks, sightings

app_name = "firepoints-api"
urlpatterns = [
    path("sightings/", sightings.Sightings.as_view(), name="sightings"),
    path("outside-findings/", outside.OutsideFindings.as_view(), name="outside-findings"),
    path("outside-findings/<int:pk>/", outside.OutsideFinding.as_view(), name="outside-finding"),
    path("imports/", imports.Imports.as_view(), name="imports"),
    path("imports/<uuid:uuid>/", imports.ImportDetail.as_view(), name="import"),
    path("imports/<uuid:uuid>/rows/", imports.ImportRows.as_view(), name="import-rows"),
    path("imports/<uuid:uuid>/withdraw/", imports.ImportWithdraw.as_view(), name="import-withdraw"),
    path("rechecks/", rechecks.Rechecks.as_view(), name="rechecks"),
    path("rechecks/<int:pk>/visit/", rechecks.RecheckDone.as_view(), name="recheck-visit"),
    path("fire-points/", points.FirePoints.as_view(), name="points"),
    path("fire-points/<str:point>/", points.FirePointDetail.as_view(), name="point"),
    path("fire-points/<str:point>/transitions/", points.Transitions.as_view(), name="transitions"),
    path("fire-points/<str:point>/evidence/", evidence.EvidenceOfPoint.as_view(), name="evidence"),
]
