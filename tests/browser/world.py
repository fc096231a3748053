"""A site with something on every page: made once, over HTTP, by people without a browser."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from project.demo.pages import Page
from project.demo.processes import run
from project.demo.stage import Stage
from project.demo.story import ACCOUNT
from project.demo.visitor import Visitor

STUDIO, CHOIR, BOBS = "studio@example.com", "choir@example.com", "bob.zoom@example.com"
NEVER_LINKED = "quartet@example.com"
NOTES = "Bring the score, please.\n\nWe begin with the second movement."
PATIENCE_SECONDS = 60.0


@dataclass
class World:
    """``addresses`` by what is found there."""

    stage: Stage
    addresses: dict[str, str] = field(default_factory=dict)


def build(stage: Stage) -> World:
    """Alice has three accounts, one of them broken, one in trouble; Bob's Zoom refuses; Sam has nothing linked."""
    world = World(stage)
    stage.receiver.secret = run(["manage.py", "demo_endpoint", stage.receiver.url], stage.environment).strip()
    for email, name in ((STUDIO, "Alice's studio"), (CHOIR, "The choir"), (NEVER_LINKED, "The quartet")):
        stage.control.create_account(email, display_name=name)
    stage.control.set_account(ACCOUNT, policy={"dial_in": True})
    _alice(world)
    _bob(world)
    _sam(world)
    _strangers(world)
    return world


def sign_in(stage: Stage, person: str) -> Visitor:
    visitor = Visitor(stage.site)
    if person == stage.admin:
        form = visitor.open("/admin/login/?next=/bookings/").form("/admin/login/")
        visitor.submit(form, username=person, password=stage.password)
    else:
        visitor.submit(visitor.open("/sign-in/").form(f"/sign-in/{person}/"))
    return visitor


def link(visitor: Visitor, account: str) -> Page:
    consent = visitor.submit(visitor.open("/conferencing/").form("/link/zoom/"))
    return visitor.submit(consent.form("/oauth/consent"), account=account, decision="approve")


def book(visitor: Visitor, title: str, day: str, shown: str, notes: str = "") -> str:
    """Save a booking, and wait until its page shows this; returns the page's address."""
    form = visitor.open("/bookings/new/").form("/bookings/new/")
    times = {"starts_at": f"{day}T15:00", "ends_at": f"{day}T15:45"}
    page = visitor.submit(form, title=title, notes=notes, **times)
    until(lambda: shown in visitor.open(page.url).text)
    return page.url


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < deadline, "The world does not become what it should be."
        time.sleep(0.05)


def guests_address(visitor: Visitor, booking: str) -> str:
    return visitor.open(booking).link("/bookings/shared/")


def _alice(world: World) -> None:
    alice, control, known = sign_in(world.stage, "alice"), world.stage.control, world.addresses
    for account in (ACCOUNT, STUDIO, CHOIR):
        link(alice, account)
    forms = alice.open("/conferencing/").forms  # the default first, then the one that was linked last
    profiles = [one.action.split("/")[-3] for one in forms if one.action.endswith("/test/")]
    for name, profile in zip(("healthy", "broken", "troubled"), profiles, strict=True):
        known[name] = f"/conferencing/profiles/{profile}/"
    for name, whose in (("relink", "broken"), ("relink connected", "healthy")):
        known[name] = known[whose].replace("/profiles/", "/relink/")
    control.revoke_grants(CHOIR)
    control.add_fault("me", "status", status=503, account=STUDIO)
    for name in ("broken", "troubled"):
        alice.submit(alice.open("/conferencing/").form(f"{known[name]}test/"))
    known["made"] = book(alice, "Piano lesson", "2031-05-06", "Join the meeting", NOTES)
    known["made, for guests"] = guests_address(alice, known["made"])
    known["join"] = alice.open(known["made"]).link("Join the meeting")
    homeless = book(alice, "Theory for beginners", "2031-05-07", "Join the meeting")
    _lose_account(world, homeless)
    known["account removed"] = alice.open(homeless).link("Choose another account")
    known["cancelled"] = book(alice, "Singing lesson", "2031-05-08", "Join the meeting")
    known["cancelled, for guests"] = guests_address(alice, known["cancelled"])
    alice.submit(alice.open(f"{known['cancelled']}cancel/").form("/cancel/"))
    until(lambda: "The event is cancelled." in alice.open(known["cancelled"]).text)
    known["past"] = book(alice, "Trial lesson", "2021-03-02", "The event has already begun, or is over.")


def _bob(world: World) -> None:
    bob, known = sign_in(world.stage, "bob"), world.addresses
    link(bob, BOBS)
    world.stage.control.set_account(BOBS, hosting=False)
    known["failing"] = book(bob, "Chess club", "2031-05-07", "No link yet")
    known["failing, for guests"] = guests_address(bob, known["failing"])
    known["card"] = bob.open(known["failing"]).refresh_urls[0]
    known["history"] = bob.open(known["failing"]).link("What became of it so far")


def _sam(world: World) -> None:
    """A card of Sam's has outlived its conference; and Sam sees the admin."""
    sam, known = sign_in(world.stage, world.stage.admin), world.addresses
    known["nothing linked"] = book(sam, "Weekly check", "2031-05-09", "Link an account")
    gone = book(sam, "Monthly check", "2031-05-10", "Link an account")
    known["old card"] = sam.open(gone).refresh_urls[0]
    _change_conference(world, gone, "DELETE FROM conferencing_app_conference")
    for model in (
        "conference",
        "meeting",
        "conferencingprofile",
        "attempt",
        "notification",
        "notificationdelivery",
        "mail",
    ):
        _remember_admin(world, sam, f"conferencing_app/{model}", whose="bob")
    _remember_admin(world, sam, "conferencing_app/endpoint", whose="")
    known["admin recover"] = known["admin conferencing_app/endpoint"].replace("/change/", "/recover/")
    _remember_admin(world, sam, "bookings/booking", whose="bob")
    bobs = known["admin conferencing_app/conferencingprofile"]
    known["admin disconnect"] = bobs.replace("/change/", "/disconnect/")


def _lose_account(world: World, booking: str) -> None:
    """As if it had asked for an account that has been unlinked since: no page of the demo site asks for one."""
    asked = "profile_request = 'pro_gone', join_url = '', due_at = NULL"
    lost = f"state = 'failing', cause_code = 'profile_missing', {asked}"
    _change_conference(world, booking, f"UPDATE conferencing_app_conference SET {lost}")


def _change_conference(world: World, booking: str, statement: str) -> None:
    key = booking.rstrip("/").rsplit("/", 1)[1]
    with closing(sqlite3.connect(world.stage.folder / "demo.sqlite3", timeout=20)) as database, database:
        database.execute(f"{statement} WHERE event_key = ?", [key])


def _remember_admin(world: World, sam: Visitor, model: str, whose: str) -> None:
    links = [one.href for one in sam.open(f"/admin/{model}/?q={whose}").links]
    found = next(href for href in links if href.partition("?")[0].endswith("/change/"))
    world.addresses[f"admin {model}"] = found.partition("?")[0]


def _strangers(world: World) -> None:
    """An application has asked Alice and Bob to link an account; Alice has been sent the mail."""
    known = world.addresses
    for person in ("alice", "bob"):
        url = run(["manage.py", "demo_link", person], world.stage.environment).strip()
        known[f"link for {person}"] = urlsplit(url).path
    stranger = Visitor(world.stage.site)
    stranger.submit(stranger.open(known["link for alice"]).form("/mail/"))
    for name, page in (("mail", "verify"), ("relink mail", "relink/by-mail")):
        known[name] = _address_in_mails(world.stage, page)


def _address_in_mails(stage: Stage, page: str) -> str:
    until(lambda: bool(_addresses_in_mails(stage, page)))
    (address,) = _addresses_in_mails(stage, page)
    return address


def _addresses_in_mails(stage: Stage, page: str) -> list[str]:
    found = [path.read_text() for path in stage.mails.glob("*.log")]
    return re.findall(rf"^{re.escape(stage.site)}(/conferencing/{page}/\S+)$", "\n".join(found), re.MULTILINE)
