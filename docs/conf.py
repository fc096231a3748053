"""How the documentation is built: `make docs`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")  # docstrings are read from a site that is set up
django.setup()

import conferencing_app  # noqa: E402  # after the set-up, as in a site

project = "django-conferencing"
author = copyright = "django-conferencing contributors"
release = version = conferencing_app.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 3
myst_enable_extensions = ["fieldlist"]
nitpicky = True
# What docstrings and signatures name and this documentation does not describe.
nitpick_ignore_regex = [("py:.*", r"(?!conferencing_app\.(events|testing|clock)\b).*")]
autodoc_typehints = "description"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = f"django-conferencing {release}"
html_copy_source = False
