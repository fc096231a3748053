"""django-conferencing: every saved event gets a video conference of its own."""

from conferencing_app.registration import ConferencingField

__all__ = ["ConferencingField", "__version__"]
__version__ = "0.1.0.dev0"
