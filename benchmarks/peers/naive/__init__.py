"""The integration that a team writes by itself, as the documentations of Celery and of requests-oauthlib teach it.

A booking's post_save asks for a task, the task posts to Zoom through an OAuth2Session that is kept, and writes down the
link. Tokens are plain JSON. Nothing is tried again that Celery does not try again, nothing follows the event.
"""

from __future__ import annotations

from benchmarks.peers.naive.celery import app as celery_app

__all__ = ["celery_app"]
