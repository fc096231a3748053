"""The policies of the pages, beside whatever policy the site has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

import conferencing_app
from conferencing_app.views.pages import private_page

PACKAGE = Path(conferencing_app.__file__).parent
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))
STYLES = sorted((PACKAGE / "static" / "conferencing_app").glob("*.css"))


def answer(policy: str = "") -> HttpResponse:
    @private_page
    def view(request: Any) -> HttpResponse:
        return HttpResponse("", headers={"Content-Security-Policy": policy} if policy else None)

    return view(RequestFactory().get("/"))


@pytest.mark.parametrize(
    ("policy", "merged"),
    [
        ("", "frame-ancestors 'none'"),
        ("default-src 'self'", "default-src 'self'; frame-ancestors 'none'"),
        ("default-src 'self';", "default-src 'self'; frame-ancestors 'none'"),
        ("frame-ancestors *; img-src x", "img-src x; frame-ancestors 'none'"),
        ("img-src x; Frame-Ancestors https://a.example", "img-src x; frame-ancestors 'none'"),
    ],
)
def test_the_directive_joins_a_policy_that_is_there(policy: str, merged: str) -> None:
    assert answer(policy).headers["Content-Security-Policy"] == merged


def test_the_policy_of_django_csp_is_changed_through_its_own_hook(settings: Any) -> None:
    """Its middleware leaves out the site's policy where a header is there already."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "csp.middleware.CSPMiddleware"]
    response = answer()
    assert "Content-Security-Policy" not in response.headers
    assert response._csp_replace == {"frame-ancestors": ["'none'"]}  # type: ignore[attr-defined]  # django-csp's hook
    assert response.headers["X-Frame-Options"] == "DENY"


def test_the_policy_of_django_6_is_changed_through_its_own_hook(settings: Any) -> None:
    settings.SECURE_CSP = {"default-src": ["'self'"], "frame-ancestors": ["*"]}
    response = answer()
    expected = {"default-src": ["'self'"], "frame-ancestors": ["'none'"]}
    assert response._csp_config == expected  # type: ignore[attr-defined]  # Django 6's hook
    assert "Content-Security-Policy" not in response.headers


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_run_under_a_strict_policy(template: Path) -> None:
    """No inline script, style or handler, and nothing from another host."""
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=['\"]js", text)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_styles_load_nothing_from_elsewhere(style: Path) -> None:
    assert not re.search(r"@import|url\(|@font-face", style.read_text())


def test_every_word_of_a_template_can_be_translated() -> None:
    """What is left of a template without tags, markup and variables is punctuation."""
    for template in TEMPLATES:
        text = re.sub(r"{#.*?#}|{% ?comment.*?endcomment ?%}", "", template.read_text(), flags=re.S)
        text = re.sub(r"{% block bodyclass %}.*?{% endblock bodyclass %}", "", text, flags=re.S)
        text = re.sub(r"{% ?blocktranslate.*?endblocktranslate ?%}", "", text, flags=re.S)
        text = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", "", text, flags=re.S)
        assert re.findall(r"[A-Za-z]{2,}", text) == [], template.name


def test_the_vendored_script_has_its_licence_beside_it() -> None:
    folder = PACKAGE / "static" / "conferencing_app" / "vendor" / "htmx"
    assert "Zero-Clause BSD" in (folder / "LICENSE").read_text()
    assert 'version:"2.' in next(folder.glob("htmx-2.*.min.js")).read_text()
