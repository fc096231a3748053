"""A person on their way to a linked account: the link they were given, their proof, the consent page."""

from __future__ import annotations

from functools import partial

from django.conf import settings as django_settings
from django.db import models

from conferencing_app.fields import ExactField, SealedField, new_public_id


class LinkRequest(models.Model):
    """A link that was made for one person, to be opened anywhere: it shows who asks, and leads to nobody's account.

    Going on takes the person's own session, or a proof by mail, which holds in one browser. The token is stored as
    SHA-256 only. ``profile`` is the one to relink; ``application_logo`` is a path on this site.
    """

    public_id = ExactField(max_length=40, unique=True, default=partial(new_public_id, "lrq"), editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(django_settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    redirect_uri = models.CharField(max_length=2000)
    provider = models.CharField(max_length=64, blank=True)
    profile = models.ForeignKey(
        "ConferencingProfile", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    application_name = models.CharField(max_length=100, blank=True)
    application_logo = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)
    # Answered: an account was linked, or the person said no.
    used_at = models.DateTimeField(null=True, blank=True)
    # SHA-256 of the secret of the browser in which a mail was confirmed last.
    proved_browser = models.CharField(max_length=64, blank=True)
    proved_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.public_id


class Verification(models.Model):
    """A mail that proves whose browser it is: by its link in any browser, by its code in the one that asked.

    Confirmed once, for one link request. The link's token is stored as SHA-256 only; the code as SHA-256 together
    with the secret of the browser that asked, so that it can't be guessed from the row.
    """

    link_request = models.ForeignKey(LinkRequest, on_delete=models.CASCADE, related_name="verifications")
    mail = models.OneToOneField("Mail", on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=64)
    asked_by = models.CharField(max_length=64)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"verification of {self.link_request_id}"


class RelinkProof(models.Model):
    """What a mail about an account that must be linked again proves: in whose browser its button is pressed.

    For that one profile, once. Made when the mail is sent; the token in its link is stored as SHA-256 only.
    """

    profile = models.ForeignKey("ConferencingProfile", on_delete=models.CASCADE, related_name="+")
    mail = models.ForeignKey("Mail", on_delete=models.CASCADE, related_name="+")
    token_hash = ExactField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"relink proof of {self.profile_id}"


class LinkAttempt(models.Model):
    """One start of linking: bound to user, browser and provider, used once.

    ``state`` and the browser's cookie are stored as SHA-256 only. ``profile`` is the one to relink, where it is known.
    ``claimed`` is the profile that the callback has asked about: another person's, which holds the account that this
    person has just proved to be theirs; or their own one, of another account than ``profile`` is of.
    ``link_request`` is the link that led here, where there was one.
    """

    public_id = ExactField(max_length=40, unique=True, default=partial(new_public_id, "lnk"), editable=False)
    user = models.ForeignKey(django_settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=64)
    state_hash = models.CharField(max_length=64, unique=True)
    browser_hash = models.CharField(max_length=64)
    code_verifier = SealedField()
    redirect_uri = models.CharField(max_length=500)
    next_url = models.CharField(max_length=500, blank=True)
    profile = models.ForeignKey(
        "ConferencingProfile", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    claimed = models.ForeignKey(
        "ConferencingProfile", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    link_request = models.ForeignKey(LinkRequest, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.public_id

    def place(self, column: str) -> str:
        """What a sealed column of this row is bound to."""
        return f"link_attempt|{column}|{self.public_id}"
