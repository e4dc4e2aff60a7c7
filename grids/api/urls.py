"""API of the grid and its people, under /api/."""

from django.urls import path

from grids.api import me

app_name = "grids-api"
urlpatterns = [path("me/", me.Me.as_view(), name="me")]
