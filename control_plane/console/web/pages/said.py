"""How a finished action is told to a page that stays open."""

from __future__ import annotations

import json

from fastapi import Request, Response


def said(request: Request, words: str) -> Response | None:
    """An empty answer whose header closes the dialog and shows `words`; None for a browser without scripts."""
    if request.headers.get("hx-request") != "true":
        return None
    return Response(status_code=204, headers={"HX-Trigger": json.dumps({"said": words}), "Cache-Control": "no-store"})
