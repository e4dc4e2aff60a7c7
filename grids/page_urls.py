"""Pages of the app; sign-in and sign-out have the plain names that Django's settings point to."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from grids import (
    account,
    edition_import_pages,
    edition_pages,
    gap_pages,
    letter_pages,
    pages,
    people_pages,
    roster_pages,
    token_pages,
)

urlpatterns = [
    path("login/", pages.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", account.password, name="password"),
    path("tokens/", token_pages.token_list, name="tokens"),
    path("tokens/<int:token_id>/revoke/", token_pages.token_revoke, name="token-revoke"),
    path("grid/", pages.grid, name="grid"),
    path("grid/cells.geojson", pages.cells_geojson, name="cells-geojson"),
    path("grid/editions/", edition_pages.history, name="editions"),
    path("grid/editions/editions.xlsx", edition_pages.history_workbook, name="editions-workbook"),
    path("grid/editions/import/", edition_import_pages.upload, name="edition-import"),
    path("grid/editions/import/<uuid:import_id>/", edition_import_pages.run, name="edition-import-run"),
    path(
        "grid/editions/import/<uuid:import_id>/preview.geojson",
        edition_import_pages.preview,
        name="edition-import-preview",
    ),
    path("grid/editions/<int:edition_id>/", edition_pages.detail, name="edition"),
    path("grid/editions/<int:edition_id>/activate/", edition_pages.activate, name="edition-activate"),
    path("grid/editions/<int:edition_id>/check/", edition_pages.check, name="edition-check"),
    path("grid/editions/<int:edition_id>/findings.geojson", edition_pages.findings, name="edition-findings"),
    path("grid/editions/<int:edition_id>/changes/", edition_pages.changes, name="edition-changes"),
    path("grid/editions/<int:edition_id>/export/<str:what>", edition_pages.export, name="edition-export"),
    path("grid/gaps/", gap_pages.gaps, name="grid-gaps"),
    path("grid/gaps/map.json", gap_pages.gaps_map, name="grid-gaps-map"),
    path("grid/gaps/gaps.xlsx", gap_pages.gaps_workbook, name="grid-gaps-workbook"),
    path("grid/letters/", letter_pages.letters, name="grid-letters"),
    path("grid/letters/letters.xlsx", letter_pages.letters_workbook, name="grid-letters-workbook"),
    path("grid/letters/<int:pk>/scan", letter_pages.letter_scan, name="grid-letter-scan"),
    path("grid/roster/", roster_pages.roster, name="grid-roster"),
    path("grid/roster/template.xlsx", roster_pages.roster_template, name="grid-roster-template"),
    path("grid/roster/preview", roster_pages.roster_preview, name="grid-roster-preview"),
    path("grid/roster/commit", roster_pages.roster_commit, name="grid-roster-commit"),
    path("grid/roster/<uuid:uuid>/", roster_pages.roster_run, name="grid-roster-run"),
    path("grid/roster/<uuid:uuid>/rejected.xlsx", roster_pages.roster_rejected, name="grid-roster-rejected"),
    path("grid/<str:code>/", pages.grid_cell, name="grid-cell"),
    path("grid/<str:code>/people/", people_pages.cell_people, name="grid-people"),
    path("grid/<str:code>/people/phones", people_pages.cell_phones, name="grid-people-phones"),
    path("grid/<str:code>/people/<slug:verb>", people_pages.cell_people_act, name="grid-people-act"),
    path("grid/<str:code>/letter.docx", letter_pages.letter_paper, name="grid-letter-paper"),
]
