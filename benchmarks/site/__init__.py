"""The site that is measured: the demo site, and beside its bookings a model without the field."""
