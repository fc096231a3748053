"""Celery's entry points. They carry no arguments: the database knows what is due."""

from __future__ import annotations

from functools import partial
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_process_shutdown, worker_shutdown, worker_shutting_down

from conferencing_app import doorbell
from conferencing_app.conf import settings
from conferencing_app.engine.sweeper import bootstep, look_once
from conferencing_app.provisioning import draining
from conferencing_app.services import workers
from conferencing_app.services.workers import Program


@shared_task(name=doorbell.TASK_NAME, ignore_result=True)
def drain() -> None:
    """Do what is due, for one slice; ring again for what is left."""
    if draining.drain_slice() and draining.is_due():
        doorbell.ring(settings.DATABASE)


@worker_init.connect
def add_sweeper(sender: Any, **_: Any) -> None:
    """Have this worker look for due work by itself, whether or not its broker can be reached."""
    draining.stopping.share()
    look = partial(draining.sweep, Program.CELERY)
    sender.app.steps["worker"].add(bootstep(look, lambda: settings.SWEEP_SECONDS, draining.stopping))


@worker_shutting_down.connect
def stop_draining(**_: Any) -> None:
    """At the signal itself: the worker's steps are stopped one after the other, and the pool waits for its tasks."""
    draining.stopping.set()


@worker_process_shutdown.connect
def finish(**_: Any) -> None:
    """In each process of a pool."""
    draining.finish()


@worker_shutdown.connect
def leave(**_: Any) -> None:
    """It shows at once that there is one less."""
    draining.finish()
    look_once(partial(workers.leave, Program.CELERY))
