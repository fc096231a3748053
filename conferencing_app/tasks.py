"""Celery's entry points. They carry no arguments: the database knows what is due."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down

from conferencing_app import doorbell
from conferencing_app.conf import settings
from conferencing_app.engine.sweeper import bootstep
from conferencing_app.provisioning import draining


@shared_task(name=doorbell.TASK_NAME, ignore_result=True)
def drain() -> None:
    """Do what is due, for one slice; ring again for what is left."""
    if draining.drain_slice() and draining.is_due():
        doorbell.ring(settings.DATABASE)


@worker_init.connect
def add_sweeper(sender: Any, **_: Any) -> None:
    """Have this worker look for due work by itself, whether or not its broker can be reached."""
    draining.stopping.share()
    sender.app.steps["worker"].add(bootstep(draining.sweep, lambda: settings.SWEEP_SECONDS, draining.stopping))


@worker_shutting_down.connect
def stop_draining(**_: Any) -> None:
    """At the signal itself: the worker's steps are stopped one after the other, and the pool waits for its tasks."""
    draining.stopping.set()
