"""Posting to endpoints, as due work: side by side, to one endpoint once at a time, tried again for days.

The engine runs it as it runs calls to providers: what is read and written here is in the database, and the threads
that post hold none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from django.db import transaction
from django.db.models import F

from conferencing_app import addresses, clock, http, mails
from conferencing_app.conf import settings
from conferencing_app.engine import claim, retry
from conferencing_app.engine.jobs import NO_ANSWER, Handler, Job
from conferencing_app.exceptions import KeyUnavailable, ProviderError
from conferencing_app.failpoints import failpoint
from conferencing_app.http import CallPolicy, Reply, retry_after
from conferencing_app.models import Endpoint, NotificationDelivery
from conferencing_app.notifications import signing

State = NotificationDelivery.State

# The waits after each try that failed, in seconds; then the last one again, until the endpoint is switched off.
WAITS = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
# An endpoint that has taken nothing for so long is switched off.
DEAD_AFTER = timedelta(days=5)
# Answers that ask for a pause of the whole endpoint, and the least that it gets.
THROTTLING = frozenset({429, 502, 504})
LEAST_PAUSE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(days=1)
# How many posts to one endpoint are held at a time: they are made one after another.
PER_ENDPOINT = 10
CONNECT_SECONDS, READ_SECONDS = 3.0, 5.0
MAX_ANSWER_BYTES = 64 * 1024
ANSWER_LENGTH = 1000


@dataclass(frozen=True)
class Post:
    """One request, ready to be sent."""

    url: str
    headers: dict[str, str]
    body: bytes


class Webhooks(Handler):
    """The handler of due deliveries to endpoints. An endpoint is a lane."""

    def __init__(self, using: str) -> None:
        self.using = using

    def claim(self, room: int) -> list[Job]:
        with transaction.atomic(using=self.using):
            due = NotificationDelivery.objects.using(self.using).to_post()
            by_endpoint = _a_few_of_each(claim.lock(due, PER_ENDPOINT * room), room)
            lanes = self._take_lanes(by_endpoint)
            jobs = [job for pk, fence in lanes.items() for job in self._lease(by_endpoint[pk], pk, fence)]
        self.release_lanes({pk: fence for pk, fence in lanes.items() if pk not in {job.lane for job in jobs}})
        return jobs

    def advance(self, jobs: Sequence[Job], may_call: bool) -> None:
        for job in jobs:
            job.call, outcome, job.outcome = None, job.outcome, NO_ANSWER
            delivery = self._held(job)
            if delivery is None:
                continue
            if outcome is not NO_ANSWER:
                self._record(delivery, outcome)
            elif may_call and _endpoint_of(delivery).enabled:
                self._post(job, delivery)
            else:
                self.release([job])

    def fail(self, job: Job) -> None:
        delivery = self._held(job)
        if delivery is not None:
            self._put_off(delivery, clock.read(self.using), error="internal")

    def release(self, jobs: Sequence[Job]) -> None:
        claim.release(NotificationDelivery, [(job.key, job.fence) for job in jobs], self.using)

    def release_lanes(self, held: dict[int, int]) -> None:
        claim.release(Endpoint, held.items(), self.using)

    def _lease(self, deliveries: list[NotificationDelivery], endpoint: int, endpoint_fence: int) -> list[Job]:
        leased = claim.lease(deliveries, settings.LEASE_SECONDS, self.using)
        return [Job(self, row.pk, row.fence, lane=endpoint, lane_fence=endpoint_fence) for row in leased]

    def _take_lanes(self, ids: Collection[int]) -> dict[int, int]:
        endpoints = claim.lock(Endpoint.objects.using(self.using).open().free().filter(pk__in=ids), len(ids))
        return {row.pk: row.fence for row in claim.lease(endpoints, settings.LEASE_SECONDS, self.using)}

    def _held(self, job: Job) -> NotificationDelivery | None:
        rows = NotificationDelivery.objects.using(self.using).filter(pk=job.key).held(job.fence)
        return rows.select_related("endpoint", "notification").first()

    def _post(self, job: Job, delivery: NotificationDelivery) -> None:
        now = clock.read(self.using)
        try:
            post = post_of(_endpoint_of(delivery), delivery.notification.public_id, delivery.notification.body, now)
        except (KeyUnavailable, ValueError) as error:
            self._put_off(delivery, now, error=type(error).__name__)
            return
        failpoint("webhook.before_send")
        job.call = partial(send, post)

    def _record(self, delivery: NotificationDelivery, outcome: Reply | Exception) -> None:
        failpoint("webhook.after_send")
        now = clock.read(self.using)
        with transaction.atomic(using=self.using):
            if arrived(outcome):
                self._finish(delivery, outcome, now)
            else:
                self._miss(delivery, outcome, now)

    def _finish(self, delivery: NotificationDelivery, outcome: Any, now: datetime) -> None:
        seen = what_was_seen(outcome)
        self._write(delivery, state=State.DELIVERED, delivered_at=now, due_at=None, attempts=0, **seen)
        self._endpoint(delivery).exclude(failing_since=None).update(failing_since=None)

    def _miss(self, delivery: NotificationDelivery, outcome: Reply | Exception, now: datetime) -> None:
        asked = pause_asked(outcome, now)
        self._put_off(delivery, now, not_before=asked, **what_was_seen(outcome))
        self._endpoint(delivery).filter(failing_since=None).update(failing_since=now)
        status = outcome.status if isinstance(outcome, Reply) else None
        if status in THROTTLING:
            self._endpoint(delivery).update(paused_until=max(asked or now, now + LEAST_PAUSE))
        failing_since = _endpoint_of(delivery).failing_since
        if status == 410:
            self._switch_off(_endpoint_of(delivery), "gone")
        elif failing_since is not None and now - failing_since >= DEAD_AFTER:
            self._switch_off(_endpoint_of(delivery), "dead")

    def _put_off(
        self, delivery: NotificationDelivery, now: datetime, *, not_before: datetime | None = None, **seen: Any
    ) -> None:
        wait = WAITS[min(delivery.attempts, len(WAITS) - 1)]
        at = retry.jittered(now, wait)
        at = at if not_before is None else max(at, not_before)
        self._write(delivery, due_at=at, attempts=F("attempts") + 1, **seen)

    def _switch_off(self, endpoint: Endpoint, cause: str) -> None:
        rows = Endpoint.objects.using(self.using).filter(pk=endpoint.pk, enabled=True)
        if rows.update(enabled=False, disabled_cause=cause):
            mails.endpoint_disabled(endpoint, cause)

    def _write(self, delivery: NotificationDelivery, **values: Any) -> None:
        rows = NotificationDelivery.objects.using(self.using).filter(pk=delivery.pk).held(delivery.fence)
        rows.update(**values, lease_until=None)

    def _endpoint(self, delivery: NotificationDelivery) -> Any:
        return Endpoint.objects.using(self.using).filter(pk=_endpoint_of(delivery).pk)


def _endpoint_of(delivery: NotificationDelivery) -> Endpoint:
    """Those that this handler claims have one."""
    return cast(Endpoint, delivery.endpoint)


def post_of(endpoint: Endpoint, message_id: str, body: str, now: datetime) -> Post:
    """The signed request for this endpoint. Raises KeyUnavailable, and ValueError for a secret of another form."""
    content = body.encode()
    secrets = secrets_of(endpoint, now)
    if endpoint.scheme == Endpoint.Scheme.CRONOFY:
        signature = signing.cronofy_headers(secrets, content)
    else:
        signature = signing.standard_headers(secrets, message_id, int(now.timestamp()), content)
    return Post(endpoint.url, {"Content-Type": "application/json; charset=utf-8", **signature}, content)


def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """The secrets in force, newest first. Raises KeyUnavailable."""
    if not endpoint.secret:
        return list(settings.WEBHOOK_SECRETS)
    found = [endpoint.secret.open(endpoint.place("secret"))]
    if endpoint.former_secret and endpoint.former_until is not None and now < endpoint.former_until:
        found.append(endpoint.former_secret.open(endpoint.place("former_secret")))
    return found


def send(post: Post) -> Reply:
    """Post it. Raises Unavailable where no answer came, Misconfigured where the address may not be called."""
    policy = CallPolicy(
        connect_seconds=CONNECT_SECONDS,
        read_seconds=READ_SECONDS,
        max_body_bytes=MAX_ANSWER_BYTES,
        untrusted=True,
        networks=addresses.parse_networks(settings.WEBHOOK_NETWORKS),
        proxy=settings.HTTP_PROXY,
    )
    return http.call(policy, "POST", post.url, body=post.body, headers=post.headers)


def arrived(outcome: Reply | Exception) -> bool:
    """Only 2xx says that it did: a redirect is not followed."""
    return isinstance(outcome, Reply) and 200 <= outcome.status < 300


def what_was_seen(outcome: Reply | Exception) -> dict[str, Any]:
    """The delivery's columns for what came back; an error says that none came, and why not."""
    if isinstance(outcome, Reply):
        answer = outcome.body.decode("utf-8", "replace").replace("\x00", "")
        return {"status": outcome.status, "answer": answer[:ANSWER_LENGTH], "error": ""}
    error = str(outcome) if isinstance(outcome, ProviderError) else type(outcome).__name__
    return {"status": None, "answer": "", "error": error[:255]}


def pause_asked(outcome: Reply | Exception, now: datetime) -> datetime | None:
    """Until when the endpoint asks not to be called, at most a day; None where it does not."""
    if not isinstance(outcome, Reply) or "Retry-After" not in outcome.headers:
        return None
    asked = retry_after.parse(outcome.headers["Retry-After"])
    at = asked.at if asked.seconds is None else now + timedelta(seconds=asked.seconds)
    return None if at is None else min(at, now + LONGEST_PAUSE)


def _a_few_of_each(deliveries: list[NotificationDelivery], room: int) -> dict[int, list[NotificationDelivery]]:
    """So many endpoints as there is room for calls, and of each the first few."""
    chosen: dict[int, list[NotificationDelivery]] = {}
    for delivery in deliveries:
        endpoint = cast(int, delivery.endpoint_id)
        few = chosen.setdefault(endpoint, []) if endpoint in chosen or len(chosen) < room else []
        if len(few) < PER_ENDPOINT:
            few.append(delivery)
    return chosen
