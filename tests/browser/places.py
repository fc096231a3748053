"""Every page, and every state of it that looks different: where it is, whose it is, how one gets there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from project.demo.story import ACCOUNT
from tests.browser.steps import book, link_zoom, live_region
from tests.browser.world import NEVER_LINKED, World

Arrive = Callable[[Page, World], None]
WAITING_SECONDS = 8
OURS = "admin:conferencing_app"


@dataclass(frozen=True)
class Place:
    """``route`` is the name in the URLconf; empty for a page of the sandbox. ``person`` is empty for a guest."""

    name: str
    route: str
    person: str
    arrive: Arrive

    @property
    def is_ours(self) -> bool:
        """Not Django's admin, whose frame and lists we only fill."""
        return not self.route.startswith("admin:")

    @property
    def is_the_sites(self) -> bool:
        """A page of the admin for the site's own models."""
        return self.route.startswith("admin:bookings")


def at(path: str) -> Arrive:
    """Go there; ``{name}`` is one of the world's addresses."""

    def arrive(page: Page, world: World) -> None:
        page.goto(path.format_map(world.addresses))

    return arrive


def to_consent(page: Page, world: World) -> None:
    page.goto("/conferencing/")
    page.get_by_role("button", name="Link Zoom").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


def deny(page: Page, world: World) -> None:
    to_consent(page, world)
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You did not link Zoom")


def prove_to_own_alices(page: Page, world: World) -> None:
    """To the question: another person has linked the account that comes back."""
    link_zoom(page, ACCOUNT)
    expect(page.get_by_role("heading", level=1)).to_have_text("Someone else has linked this Zoom account")


def come_back_with(page: Page, world: World, account: str) -> None:
    """To the question: another account than the one to be linked again."""
    at("{relink}")(page, world)
    page.get_by_role("button", name="Link it again").click()
    page.get_by_role("radio", name=account).check()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("That was another Zoom account")


def come_back_with_another_account(page: Page, world: World) -> None:
    come_back_with(page, world, NEVER_LINKED)


def come_back_with_ones_other_account(page: Page, world: World) -> None:
    come_back_with(page, world, ACCOUNT)


def ask_for_mail(page: Page, world: World) -> None:
    at("{link for bob}")(page, world)
    if page.get_by_role("button", name="Send the mail").is_visible():
        page.get_by_role("button", name="Send the mail").click()
    expect(page.get_by_label("Code from the mail")).to_be_visible()


def pause_at_bounce(page: Page, world: World) -> None:
    """The page that loads itself again, held where it is: the second load is answered with “stay”."""
    page.route("**/*conferencing_bounced*", lambda route: route.fulfill(status=204))
    page.goto("/conferencing/callback/zoom/?state=made-up")
    expect(page.get_by_role("heading", level=1)).to_have_text("One moment…")


def be_bounced(page: Page, world: World) -> None:
    page.goto("/conferencing/callback/zoom/?state=made-up")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


def wait_at_booking(page: Page, world: World) -> None:
    """Zoom takes its time over this one, so the card waits while it is looked at."""
    world.stage.control.add_fault("create", "delay_before", seconds=WAITING_SECONDS, times=1)
    book(page, "Violin lesson")
    expect(live_region(page)).to_contain_text("being made")


def send_mistakes(page: Page, world: World) -> None:
    page.goto("/bookings/new/")
    page.get_by_label("Ends").fill("2001-01-01T10:00")
    page.get_by_role("button", name="Save booking").click()
    expect(page.get_by_role("alert")).to_be_visible()


def unlink_without_an_answer(page: Page, world: World) -> None:
    at("{healthy}unlink/")(page, world)
    page.get_by_role("button", name="Unlink account").click()
    expect(page.get_by_text("Choose what should become of these meetings.")).to_be_visible()


def with_message(page: Page, world: World) -> None:
    """The list of accounts after something was done."""
    at("{healthy}rename/")(page, world)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("The name is changed.")


def with_dial_in(page: Page, world: World) -> None:
    at("{made}")(page, world)
    page.get_by_text("Join by phone").click()


def admin(model: str) -> tuple[Place, Place]:
    """The list and one row of a model in the admin."""
    name = f"admin:{model.replace('/', '_')}"
    return (
        Place(f"admin-{model.replace('/', '-')}-list", f"{name}_changelist", "sam", at(f"/admin/{model}/")),
        Place(f"admin-{model.replace('/', '-')}", f"{name}_change", "sam", at(f"{{admin {model}}}")),
    )


PLACES = (
    Place("sign-in", "sign_in", "", at("/sign-in/")),
    Place("bookings", "bookings:list", "alice", at("/bookings/")),
    Place("bookings-failing", "bookings:list", "bob", at("/bookings/")),
    Place("new", "bookings:new", "alice", at("/bookings/new/")),
    Place("new-with-mistakes", "bookings:new", "alice", send_mistakes),
    Place("booking-made", "bookings:detail", "alice", at("{made}")),
    Place("booking-made-dial-in", "bookings:detail", "alice", with_dial_in),
    Place("booking-waiting", "bookings:detail", "alice", wait_at_booking),
    Place("booking-failing", "bookings:detail", "bob", at("{failing}")),
    Place("booking-nothing-linked", "bookings:detail", "sam", at("{nothing linked}")),
    Place("booking-cancelled", "bookings:detail", "alice", at("{cancelled}")),
    Place("booking-past", "bookings:detail", "alice", at("{past}")),
    Place("edit", "bookings:edit", "alice", at("{made}edit/")),
    Place("cancel", "bookings:cancel", "alice", at("{made}cancel/")),
    Place("share", "bookings:share", "", at("{made, for guests}")),
    Place("share-failing", "bookings:share", "", at("{failing, for guests}")),
    Place("share-cancelled", "bookings:share", "", at("{cancelled, for guests}")),
    Place("accounts", "conferencing:profiles", "alice", at("/conferencing/")),
    Place("accounts-after-a-change", "conferencing:profiles", "alice", with_message),
    Place("accounts-none", "conferencing:profiles", "sam", at("/conferencing/?next=/bookings/")),
    Place("link-opened", "conferencing:link_request", "", at("{link for alice}")),
    Place("link-asked", "conferencing:link_request", "", ask_for_mail),
    Place("link-unknown", "conferencing:link_request", "", at("/conferencing/requests/made-up/")),
    Place("link-mail", "conferencing:verify", "", at("{mail}")),
    Place("link-requested", "conferencing:requested", "alice", at("{link for alice}")),
    Place("relink", "conferencing:relink", "alice", at("{relink}")),
    Place("relink-who", "conferencing:relink", "", at("{relink}")),
    Place("relink-connected", "conferencing:relink", "alice", at("{relink connected}")),
    Place("relink-mail", "conferencing:relink_by_mail", "", at("{relink mail}")),
    Place("rename", "conferencing:rename", "alice", at("{healthy}rename/")),
    Place("unlink", "conferencing:unlink", "alice", at("{healthy}unlink/")),
    Place("unlink-no-meetings", "conferencing:unlink", "alice", at("{broken}unlink/")),
    Place("unlink-without-an-answer", "conferencing:unlink", "alice", unlink_without_an_answer),
    Place("move", "conferencing:move", "sam", prove_to_own_alices),
    Place("another-account", "conferencing:another", "alice", come_back_with_another_account),
    Place("another-account-of-ones-own", "conferencing:another", "alice", come_back_with_ones_other_account),
    Place("denied", "conferencing:callback", "alice", deny),
    Place("link-failed", "conferencing:callback", "alice", at("/conferencing/callback/zoom/")),
    Place("signed-out-at-callback", "conferencing:callback", "", be_bounced),
    Place("bounce", "conferencing:callback", "", pause_at_bounce),
    Place("card", "conferencing:card", "bob", at("{card}")),
    Place("card-for-guests", "conferencing:card", "", at("{card}")),
    Place("card-too-old", "conferencing:card", "sam", at("{old card}")),
    Place("conference", "conferencing:conference", "bob", at("{history}")),
    Place("conference-account-removed", "conferencing:conference", "alice", at("{account removed}")),
    Place("consent", "", "alice", to_consent),
    Place("join", "", "", at("{join}")),
    *admin("conferencing_app/conference"),
    *admin("conferencing_app/meeting"),
    *admin("conferencing_app/conferencingprofile"),
    *admin("conferencing_app/attempt"),
    *admin("conferencing_app/notification"),
    *admin("conferencing_app/notificationdelivery"),
    *admin("conferencing_app/endpoint"),
    *admin("conferencing_app/mail"),
    Place("admin-recover", f"{OURS}_endpoint_recover", "sam", at("{admin recover}")),
    Place("admin-overview", f"{OURS}_conference_overview", "sam", at("/admin/conferencing_app/conference/overview/")),
    Place("admin-disconnect", f"{OURS}_conferencingprofile_disconnect", "sam", at("{admin disconnect}")),
    *admin("bookings/booking"),
)

# Routes that show no page of their own, and what a GET of one answers. 302, 404 and 405 have nothing to look at.
NO_PAGE = {
    "home": 302,
    "one_click": 405,
    "sign_out": 405,
    "bookings:reinstate": 405,
    "conferencing:link": 405,
    "conferencing:link_request_mail": 405,
    "conferencing:link_request_code": 405,
    "conferencing:relink_mail": 405,
    "conferencing:requested_link": 405,
    "conferencing:requested_decline": 405,
    "conferencing:set_default": 405,
    "conferencing:test": 405,
    "conferencing:conference_retry": 405,
    "conferencing:conference_choose": 405,
    "conferencing:inbound": 405,
    "conferencing:mirror": 404,  # JSON, for the doctor alone
    # To Alice, who is not of support.
    f"{OURS}_conference_try_now": 302,
    f"{OURS}_conferencingprofile_test": 302,
    f"{OURS}_notificationdelivery_resend": 302,
    f"{OURS}_conferencingprofile_send_relink_mail": 302,
}
