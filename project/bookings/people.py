"""The people of the demo: two hosts, and one of the site's support."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet

HOSTS = {
    "alice": ("Alice", "Archer", "alice@example.com"),
    "bob": ("Bob", "Baker", "bob@example.com"),
}
ADMIN = "sam"
SUPPORT = "Support"
# What support does about conferences. None of them changes a row by hand.
ACTIONS = (
    *("try_now_conference", "test_conferencingprofile", "disconnect_conferencingprofile"),
    *("resend_notificationdelivery", "recover_endpoint", "send_relink_mail_conferencingprofile"),
)


def host(username: str) -> User:
    """Alice or Bob, made at first use; they have no password. Raises KeyError for anybody else."""
    first_name, last_name, email = HOSTS[username]
    user, created = get_user_model().objects.get_or_create(
        username=username, defaults={"first_name": first_name, "last_name": last_name, "email": email}
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def admin(password: str) -> User:
    """Sam from support, who may use /admin/ with this password from now on."""
    user, _created = get_user_model().objects.get_or_create(
        username=ADMIN, defaults={"first_name": "Sam", "last_name": "Support", "email": "sam@example.com"}
    )
    user.is_staff, user.is_superuser = True, False
    user.set_password(password)
    user.save()
    user.groups.set([support()])
    return user


def support() -> Group:
    """The group of those who help: they see people, bookings and conferences, and change nothing by hand."""
    group, _created = Group.objects.get_or_create(name=SUPPORT)
    group.permissions.set(support_permissions())
    return group


def support_permissions() -> QuerySet[Permission]:
    seen = Q(content_type__app_label__in=["conferencing_app", "bookings"], codename__startswith="view_")
    people = Q(content_type__app_label="auth", codename="view_user")
    actions = Q(content_type__app_label="conferencing_app", codename__in=ACTIONS)
    return Permission.objects.filter(seen | people | actions)
