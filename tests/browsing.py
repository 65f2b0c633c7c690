"""A browser for tests of signing up and in: it speaks as the studio's page does."""

import json
import re
from typing import Any

from django.core import mail
from django.test import Client

EMAIL, PASSWORD = "new@example.org", "correct horse battery"
AUTH = "/api/auth/browser/v1"


class Browser:
    """A browser that takes part in CSRF protection."""

    def __init__(self, agent: str = "Firefox") -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"User-Agent": agent})
        self.client.get("/api/setup")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        token = self.client.cookies["csrftoken"].value
        address = path if path.startswith("/api") else AUTH + path
        return self.client.generic(
            method,
            address,
            "" if body is None else json.dumps(body),
            "application/json",
            headers={"X-CSRFToken": token},
        )

    def post(self, path: str, body: Any = None) -> Any:
        return self.ask("POST", path, {} if body is None else body)

    def sign_up(self, email: str = EMAIL, password: str | None = PASSWORD) -> Any:
        pending = self.post("/auth/signup", {"email": email} | ({"password": password} if password else {}))
        assert pending.status_code == 401
        assert pending_flow(pending) == "verify_email"
        return self.post("/auth/email/verify", {"key": code()})

    @property
    def me(self) -> Any:
        return self.client.get("/api/me")


def pending_flow(answer: Any) -> str | None:
    return next((flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")), None)


def code() -> str:
    """The code of the last mail."""
    found = re.search(r"^    (\S+)$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]
