"""Workers beside each other that nothing happens to: what one of them tells, no other tells again."""

from __future__ import annotations

from conferencing_app.models import Notification
from tests.e2e import checker
from tests.e2e.processes import wait_until
from tests.e2e.site import Site
from tests.hosts.models import Heard


def test_workers_side_by_side_tell_each_outcome_once_and_in_order(site: Site) -> None:
    site.sandbox.add_fault("create", "status", status=503, times=15)
    for number in range(30):
        site.save_lesson(f"Lesson {number}")
    workers = [site.start_worker() for _ in range(3)]
    wait_until(checker.is_settled, site.report)
    for worker in workers:
        worker.stop()
    site.check()
    assert Notification.objects.filter(type="conferencing_assigned").count() == 30
    assert Notification.objects.filter(type="conferencing_failing").count() == 15
    assert Heard.objects.count() == 46, "with the account that was linked"
