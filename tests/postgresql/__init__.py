"""Django's PostgreSQL backend, but for one thing that only a test suite wants: see `base`."""
