"""The site's routes. The line with ``conferencing_app.urls`` is all that the app needs."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from project.bookings import sign_in

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="bookings:list"), name="home"),
    path("sign-in/", sign_in.SignInView.as_view(), name="sign_in"),
    path("sign-in/<slug:username>/", sign_in.one_click, name="one_click"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("bookings/", include("project.bookings.urls")),
    path("conferencing/", include("conferencing_app.urls")),
    path("admin/", admin.site.urls),
]
