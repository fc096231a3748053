"""Under which conditions the figures are taken, as the results tell them."""

from __future__ import annotations

from benchmarks.figures import claiming, making, rounds, side_by_side, starting, waiting
from benchmarks.stand import POOL_SIZE

CONDITIONS = {
    "rounds": rounds.ROUNDS,
    "saves": {"each": side_by_side.SAVES, "hosts": side_by_side.HOSTS, "broker": "Redis", "worker": None},
    "made": {
        "hosts": making.HOSTS,
        "bookings_at_0_ms": making.AT_0_MS,
        "bookings_at_200_ms": making.AT_200_MS,
        "bookings_at_200_ms_naive_processes": making.AT_200_MS_NAIVE,
        "latency_seconds": making.LATENCY_SECONDS,
        "CONFERENCING_POOL_SIZE": POOL_SIZE,
        "workers": making.WORKERS,
    },
    "idle": {
        "bookings": waiting.IDLE_SECONDS,
        "latency_seconds": waiting.ANSWER_SECONDS,
        "worker": making.WORKERS["ours"],
    },
    "claims": {"due": claiming.DUE, "rows": [claiming.SMALL, claiming.LARGE]},
    "starts": {"rounds": starting.ROUNDS},
}
