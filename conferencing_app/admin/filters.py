"""Filters whose choices are known beforehand: to find out which values occur would read the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from conferencing_app import causes, clock
from conferencing_app.models import Conference, ConferencingProfile
from conferencing_app.notifications.catalogue import SIGNALS
from conferencing_app.providers import registry


class KnownValues(admin.SimpleListFilter):
    """A column and the values to choose from. An address with any other value (of an earlier version) works too."""

    parameter_name: str

    def values(self) -> Mapping[str, Any]:
        """The values, and how they are called."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known, chosen = dict(self.values()), self.value()
        if chosen is not None:
            known.setdefault(chosen, chosen)
        return list(known.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset if self.value() is None else queryset.filter(**{self.parameter_name: self.value()})


class CauseFilter(KnownValues):
    title = _("cause")
    parameter_name = "cause_code"

    def values(self) -> Mapping[str, Any]:
        return {"": _("none"), **{code: code for code in causes.CAUSES}}


class ProfileCauseFilter(CauseFilter):
    parameter_name = "cause"


class ProviderFilter(KnownValues):
    title = _("provider")
    parameter_name = "provider"

    def values(self) -> Mapping[str, Any]:
        return {alias: registry.label(alias) for alias in registry.aliases()}


class ConferenceProviderFilter(ProviderFilter):
    """Those that have a link of this provider, and those that wait for it."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        accounts = ConferencingProfile.objects.filter(provider=self.value())
        return queryset.filter(Q(provider=self.value()) | Q(provider="", lane__in=accounts))


class MeetingProviderFilter(ProviderFilter):
    parameter_name = "profile__provider"


class NotificationTypeFilter(KnownValues):
    title = _("type")
    parameter_name = "type"

    def values(self) -> Mapping[str, Any]:
        return {type: type for type in SIGNALS}


class ToldTypeFilter(NotificationTypeFilter):
    parameter_name = "notification__type"


class WaitingFilter(admin.SimpleListFilter):
    """For how long a conference has been waiting: since its cause came up, or since it was asked for."""

    title = _("waiting for")
    parameter_name = "waiting"
    ages = {
        "1h": (timedelta(hours=1), _("more than an hour")),
        "1d": (timedelta(days=1), _("more than a day")),
        "7d": (timedelta(days=7), _("more than a week")),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, words) for value, (_age, words) in self.ages.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in self.ages:
            return queryset
        age, _words = self.ages[str(self.value())]
        waiting = queryset.filter(state__in=[Conference.State.PENDING, Conference.State.FAILING])
        return waiting.alias(since=Coalesce("cause_since", "created_at")).filter(since__lte=clock.now(-age))
