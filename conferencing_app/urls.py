"""The app's pages. ``path("conferencing/", include("conferencing_app.urls"))`` is all the routing a host needs."""

from __future__ import annotations

from django.urls import path, register_converter

from conferencing_app.views import (
    cards,
    conferences,
    inbound,
    linking,
    mirror,
    profiles,
    questions,
    relinking,
    requested,
    tokens,
    verification,
)

register_converter(tokens.TokenConverter, "secret")

app_name = "conferencing"

urlpatterns = [
    path("", profiles.profiles, name="profiles"),
    path("link/<str:provider>/", linking.link, name="link"),
    path("callback/<str:provider>/", linking.callback, name="callback"),
    path("inbound/<str:provider>/", inbound.inbound, name="inbound"),
    path("move/<slug:public_id>/", questions.move, name="move"),
    path("another/<slug:public_id>/", questions.another, name="another"),
    path("requests/<secret:token>/", verification.link_request, name="link_request"),
    path("requests/<secret:token>/mail/", verification.send_mail, name="link_request_mail"),
    path("requests/<secret:token>/code/", verification.enter_code, name="link_request_code"),
    path("verify/<secret:token>/", verification.verify, name="verify"),
    path("relink/<slug:public_id>/", relinking.relink, name="relink"),
    path("relink/<slug:public_id>/mail/", relinking.send_mail, name="relink_mail"),
    path("relink/by-mail/<secret:token>/", relinking.relink_by_mail, name="relink_by_mail"),
    path("requested/<slug:public_id>/", requested.requested, name="requested"),
    path("requested/<slug:public_id>/link/<str:provider>/", requested.link, name="requested_link"),
    path("requested/<slug:public_id>/decline/", requested.decline, name="requested_decline"),
    path("profiles/<slug:public_id>/rename/", profiles.rename, name="rename"),
    path("profiles/<slug:public_id>/default/", profiles.set_default, name="set_default"),
    path("profiles/<slug:public_id>/test/", profiles.test, name="test"),
    path("profiles/<slug:public_id>/unlink/", profiles.unlink, name="unlink"),
    path("mirror/<str:token>/", mirror.mirror, name="mirror"),
    path("card/<str:token>/", cards.card, name="card"),
    path("conferences/<slug:public_id>/", conferences.conference, name="conference"),
    path("conferences/<slug:public_id>/choose/", conferences.choose, name="conference_choose"),
    path("conferences/<slug:public_id>/retry/", cards.conference_retry, name="conference_retry"),
]
