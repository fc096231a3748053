"""Linking an account with django-allauth's connect flow: its Zoom provider, and tokens stored, which a caller needs."""
