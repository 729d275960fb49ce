"""What a request asks for, and the answer's version: names are checked before anything looks for them."""

import re
from collections.abc import Sequence

from flask import Response, request

from chassis.http.errors import Problem
from config.domain.resolution import NAME
from config.service import Environment

_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
SLASH = "(_)"  # Spring's way of writing a slash inside one segment of a path
MOST_PROFILES = 20


def application_of(text: str) -> str:
    """The application's name, or 404."""
    if not NAME.fullmatch(text):
        raise Problem(404, detail="An application's name has letters, digits, dashes and underscores.")
    return text


def profiles_of(text: str) -> Sequence[str]:
    """The profiles, separated by commas, or 404."""
    profiles = list(dict.fromkeys(text.split(",")))
    if len(profiles) > MOST_PROFILES or not all(NAME.fullmatch(each) for each in profiles):
        raise Problem(404, detail="Profiles are names, separated by commas.")
    return profiles


def label_of(text: str) -> str:
    """The label, or 404."""
    label = text.replace(SLASH, "/")
    if not _LABEL.fullmatch(label) or ".." in label:
        raise Problem(404, detail="A label is a branch, a tag or a commit.")
    return label


def versioned(response: Response, environment: Environment) -> Response:
    """The response under the commit as its ETag; 304 when the caller has it."""
    response.set_etag(environment.version)
    response.headers["Cache-Control"] = "no-cache, private"
    response.vary.add("Authorization")
    response.make_conditional(request)
    return response
