"""Addresses: the API, accounts, the operator's pages, and the studio's one page for everything else."""

from django.contrib import admin
from django.urls import include, path, re_path

from tonewright.server.api.app import api
from tonewright.server.ops.health import healthz, readyz
from tonewright.server.ops.metrics import metrics
from tonewright.server.page import page

urlpatterns = [
    path("api/auth/", include("allauth.headless.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    # the rest is the studio's; a wrong address under one of the others stays an honest 404
    re_path(r"^(?!api/|accounts/|admin/|static/|healthz|readyz|metrics)", page),
]
