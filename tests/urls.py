"""Routes of the minimal host: the app's own, and the admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("conferencing/", include("conferencing_app.urls")),
    path("admin/", admin.site.urls),
]
