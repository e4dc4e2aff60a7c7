"""Pages of the app; sign-in and sign-out have the plain names that Django's settings point to."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from grids import account, pages

urlpatterns = [
    path("login/", pages.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", account.password, name="password"),
    path("grid/", pages.grid, name="grid"),
    path("grid/cells.geojson", pages.cells_geojson, name="cells-geojson"),
    path("grid/<str:code>/", pages.grid_cell, name="grid-cell"),
]
