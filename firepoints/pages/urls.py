"""Pages of the app. 总览 is the home of the whole deployment, so it has no namespace."""

from django.urls import include, path

from firepoints.pages.acts import acting, evidence, reattributions, reporting
from firepoints.pages.desk import charging, home, periods, review, rulings
from firepoints.pages.points import detail, listing, maps
from firepoints.pages.questions import views as questions
from firepoints.pages.rechecks import rechecks

POINT = "fire-points/<int:point_id>/"

patterns = [
    path("fire-points/", listing.point_list, name="list"),
    path("fire-points/heat-leads/close", listing.heat_leads, name="heat_leads_close"),
    path("fire-points/points.geojson", maps.points, name="points_geojson"),
    path("fire-points/map.json", maps.overview, name="map"),
    path("fire-points/tiles/<int:z>/<int:x>/<int:y>.geojson", maps.tile, name="map_tile"),
    path("fire-points/reattributions/", reattributions.reattributions, name="reattributions"),
    path(
        "fire-points/reattributions/export/<str:what>",
        reattributions.reattributions_export,
        name="reattributions_export",
    ),
    path("fire-points/reattributions/<int:pk>/", reattributions.reattribution_decide, name="reattribution_decide"),
    path("fire-points/periods/", periods.periods, name="periods"),
    path("fire-points/periods/add", periods.period_add, name="period_add"),
    path("fire-points/periods/<int:pk>/void", periods.period_take_back, name="period_void"),
    path("fire-points/charging/", charging.charging, name="charging"),
    path("fire-points/charging/rule", charging.charging_rule, name="charging_rule"),
    path("questions/", questions.question_list, name="questions"),
    path("questions/stand", questions.questions_stand, name="questions_stand"),
    path("questions/<int:question_id>/", questions.question_page, name="question"),
    path("rulings/", rulings.ruling_list, name="rulings"),
    path("rulings/propose", rulings.ruling_ask, name="ruling_propose"),
    path("rulings/<int:ruling_id>/scan", rulings.ruling_scan, name="ruling_scan"),
    path("rulings/proposals/<int:asked_id>/scan", rulings.asked_scan, name="ruling_asked_scan"),
    path("recognition/", review.desk, name="review"),
    path("rechecks/", rechecks.rechecks, name="rechecks"),
    path("rechecks/<int:pk>/", rechecks.recheck, name="recheck"),
    path(POINT, detail.point_detail, name="detail"),
    path(f"{POINT}map.geojson", maps.point_map, name="map_geojson"),
    path(f"{POINT}phones/", detail.phones, name="phones"),
    path(f"{POINT}report/", reporting.report, name="report"),
    path(f"{POINT}evidence/", evidence.upload, name="evidence_upload"),
    path(f"{POINT}act/<slug:action>/", acting.act_page, name="act"),
    path("evidence/<uuid:uuid>/", evidence.copy, name="evidence"),
    path("evidence/<uuid:uuid>/original/", evidence.original, name="evidence_original"),
]
urlpatterns = [
    path("", home.home, name="home"),
    path("", include((patterns, "firepoints"))),
    path("", include("firepoints.pages.imports.urls")),
]
