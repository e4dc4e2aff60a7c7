"""gzip for what is text: pages, JSON, GeoJSON and CSV. Pictures and workbooks are compressed already, static files are
served as they were compressed beforehand.

Django's middleware adds a random length to each answer, so that its size tells nothing about a secret that stands beside
what a stranger can put on the page (BREACH); the token of a form is masked anew each time besides.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

TEXTS: Final = frozenset(
    {
        "text/html",
        "text/plain",
        "text/csv",
        "application/json",
        "application/geo+json",
        "application/problem+json",
        "application/vnd.oai.openapi",
        "application/vnd.oai.openapi+json",
    }
)


class CompressMiddleware(GZipMiddleware):
    """Compresses the answers that are texts, streamed ones piece by piece; their tag becomes a weak one."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, compressed where the client takes that."""
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type not in TEXTS:
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
