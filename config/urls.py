"""Every URL: the apps' pages at the root, their APIs under /api/, the schema, and a health answer."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core.http.problems import no_such_address
from journal.health import healthz

# A full disk is told as such; anything else is Django's own answer.
handler500 = "core.room.server_error"
APPS = ("grids", "firepoints", "penalties", "journal")


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    # Split: its script is a file of its own, as the content security policy wants it.
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
]
for app in APPS:
    urlpatterns += [path("", include(f"{app}.pages.urls")), path("api/", include(f"{app}.api.urls"))]
# With the slash only, so that an address without it is still redirected to the one that has it.
urlpatterns.append(re_path(r"^api/.*/$", no_such_address))
