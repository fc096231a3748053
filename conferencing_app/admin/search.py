"""Finding a row by what people tell: what identifies it is looked up by indexes, any other text by reading along."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import CharField, Q, QuerySet, TextField
from django.http import HttpRequest

from conferencing_app.admin.readonly import ReadOnlyAdmin
from conferencing_app.models import Conference, ConferencingProfile, Meeting
from conferencing_app.registration import field_for, registered_models

# Columns of a user model by which people call somebody, beside its username and its email address.
NAMES = ("first_name", "last_name", "name", "full_name")
# What stands between the groups of a meeting's number; copied from a page that may be an unbreakable space.
GROUPS = re.compile(r"[\s-]+")


class FindingAdmin(ReadOnlyAdmin):
    """The search box of a list.

    What exactly one thing is called (an id, a meeting's number, a link, an event) shows what belongs to it and no
    more. Otherwise each word must occur somewhere. No row is shown twice, so nothing has to be made distinct.
    """

    search_fields = ["pk"]  # Django shows a search box where there are any
    # What may be typed there. Django's own search_help_text leaves the box, whose label is a picture, without a name.
    search_hint: Any = ""

    def identified(self, term: str) -> Mapping[str, list[QuerySet]]:
        """Columns of this model, and queries of one column each for what their values are when this is exact."""
        raise NotImplementedError

    def containing(self, word: str) -> Q:
        """Which rows have the word in a text of theirs."""
        raise NotImplementedError

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        exact = [
            Q(**{f"{column}__in": keys}) for column, found in self.identified(term).items() if (keys := _all(found))
        ]
        if exact:
            return queryset.filter(reduce(or_, exact)), False
        for word in term.split():
            queryset = queryset.filter(self.containing(word))
        return queryset, False


def _all(queries: list[QuerySet]) -> list[Any]:
    """What these queries find, in one."""
    first, *others = [query.order_by() for query in queries]
    return list(first.union(*others) if others else first)


def conferences(term: str) -> QuerySet[Conference]:
    """The conference with this id."""
    return Conference.objects.filter(public_id=term)


def events(term: str) -> QuerySet[Conference]:
    """Conferences of the event with this key, where it is known after its model: "bookings.booking 12", "booking 12".

    A key alone is looked for in each model that has the field. A child or a proxy may be named as well as the model
    that its events are stored under.
    """
    stored = {
        model._meta.label_lower: field.model_label for model in registered_models() if (field := field_for(model))
    }
    labels = set(stored.values())
    name, _, key = re.sub(r"[\s:]+", " ", term, count=1).partition(" ")
    named = {to for label, to in stored.items() if name.lower() in (label, label.rpartition(".")[2])}
    if key and not named and "." in name:
        named = {name.lower()}  # a model that is no more
    if key and named:
        return Conference.objects.filter(event_model__in=named, event_key=key)
    return Conference.objects.filter(event_model__in=labels, event_key=term)


def meetings(term: str) -> list[QuerySet[Meeting]]:
    """Meetings of this number at the provider, with this marker, or with this link.

    People read a number out as their provider shows it, in groups: "806 0875 7283", "806-0875-7283".
    """
    number = GROUPS.sub("", term)
    return [
        Meeting.objects.filter(meeting_id__in={term, number} if number.isdigit() else {term}),
        Meeting.objects.filter(marker=term),
        Meeting.objects.with_link(term),
    ]


def profiles(term: str) -> QuerySet[ConferencingProfile]:
    """The profile with this id."""
    return ConferencingProfile.objects.filter(public_id=term)


def people(word: str) -> QuerySet:
    """Whoever has this word in a name or in the address; their keys."""
    model = get_user_model()
    texts = {field.name for field in model._meta.concrete_fields if isinstance(field, CharField | TextField)}
    names = {model.USERNAME_FIELD, model.get_email_field_name(), *NAMES} & texts
    found = reduce(or_, [Q(**{f"{name}__icontains": word}) for name in sorted(names)], Q(pk__in=[]))
    return model._base_manager.filter(found).values("pk")
