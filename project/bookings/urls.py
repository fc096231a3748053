from __future__ import annotations

from django.urls import path

from project.bookings import views

app_name = "bookings"

urlpatterns = [
    path("", views.booking_list, name="list"),
    path("new/", views.booking_new, name="new"),
    path("<int:pk>/", views.booking_detail, name="detail"),
    path("<int:pk>/edit/", views.booking_edit, name="edit"),
    path("<int:pk>/cancel/", views.booking_cancel, name="cancel"),
    path("<int:pk>/reinstate/", views.booking_reinstate, name="reinstate"),
    path("shared/<str:signed>/", views.booking_share, name="share"),
]
