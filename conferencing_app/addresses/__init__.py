"""Which addresses may be called: by their form (``urls``), and by where they lead (``networks``)."""

from __future__ import annotations

from conferencing_app.addresses.networks import Networks, is_listed, is_public, parse_networks
from conferencing_app.addresses.urls import host_matches, is_loopback, objection, origin

__all__ = ["Networks", "host_matches", "is_listed", "is_loopback", "is_public", "objection", "origin", "parse_networks"]
