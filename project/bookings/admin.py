from __future__ import annotations

from django.contrib import admin

from project.bookings.models import Booking


@admin.register(Booking)
class BookingAdmin(admin.ModelAdmin):
    list_display = ["title", "host", "starts_at", "cancelled"]
    list_filter = ["cancelled", "starts_at"]
    list_select_related = ["host"]
    search_fields = ["title", "host__username"]
    raw_id_fields = ["host"]
    date_hierarchy = "starts_at"
