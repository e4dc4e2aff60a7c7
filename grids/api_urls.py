"""API of the grid and its people, under /api/."""

from django.urls import path

from grids import api

app_name = "grids-api"
urlpatterns = [path("me/", api.Me.as_view(), name="me")]
