"""Whatever stands in a path, no page breaks: not on a database that refuses what another one takes."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conferencing_app.urls import urlpatterns

PAGES = [re.sub(r"<[^>]+>", "{}", str(each.pattern)) for each in urlpatterns]
# It asks who one is, for whatever id: only to who has shown it does it tell whether there is such an account.
FOR_ANY_ID = "relink/{}/"
PARTS = ["\0", "a\0b", "\x1f", "\x85", "é" * 60, "x" * 500, "😀", "%", "..", " "]


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("page", [page for page in PAGES if "{}" in page])
def test_what_stands_in_a_path_breaks_no_page(page: str, part: str) -> None:
    client = Client()
    client.force_login(User.objects.create_user("alice"))
    path = reverse("conferencing:profiles") + page.replace("{}", quote(part, safe=""))
    for response in (client.get(path), client.post(path)):
        asked = page == FOR_ANY_ID and response.status_code == 200
        assert asked or 400 <= response.status_code < 500, response.status_code
