"""The operator's pages (Django's admin): how things stand, and little to change. No sound, no secrets.

Accounts are changed through the API (/api/admin), which knows what a role brings with it.
"""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from tonewright.server.models import (
    ApiToken,
    Audio,
    Delivery,
    Invitation,
    Job,
    Master,
    Membership,
    Project,
    Song,
    Team,
    Upload,
    User,
    Webhook,
    WebhookDelivery,
)

#: What opens something, or leads to somebody's sound.
_HIDDEN = ("password", "sha256", "secret", "user_permissions", "groups")

#: Kind of row -> the columns of its list, by which it can be filtered, and in which one can search.
_SHOWN: dict[type[models.Model], tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    User: (("email", "display_name", "role", "is_visitor", "is_active", "created_at"), ("role",), ("email",)),
    Team: (("name", "created_at"), (), ("name",)),
    Membership: (("team", "user", "role"), ("role",), ()),
    Invitation: (("team", "email", "expires_at"), (), ("email",)),
    ApiToken: (("name", "user", "prefix", "last_used_at", "expires_at", "revoked_at"), (), ("prefix",)),
    Project: (("title", "owner", "team", "kind", "created_at", "deleted_at"), ("kind",), ("title",)),
    Song: (("title", "project", "created_at"), (), ("title",)),
    Audio: (("filename", "song", "role", "state", "bytes", "created_at"), ("state", "role"), ("filename",)),
    Master: (("song", "number", "state", "engine_version", "created_at"), ("state",), ()),
    Delivery: (("master", "format", "bits", "state", "created_at"), ("state", "format"), ()),
    Upload: (("filename", "owner", "state", "bytes", "created_at", "expires_at"), ("state",), ("filename",)),
    Job: (("kind", "owner", "song", "state", "stage", "done", "created_at"), ("state", "kind"), ()),
    Webhook: (("url", "owner", "enabled"), ("enabled",), ("url",)),
    WebhookDelivery: (("webhook", "kind", "state", "attempts", "status", "next_at"), ("state",), ()),
}


class Watched(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes none at run time
    """Rows to look at. Nothing is added, changed or deleted here."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            field.name
            for field in self.model._meta.get_fields()
            if field.name in _HIDDEN or field.name == "key" or field.name.endswith("_key")
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


for _model, (_columns, _filters, _searched) in _SHOWN.items():
    _links = [name for name in _columns if isinstance(_model._meta.get_field(name), models.ForeignKey)]
    _shown = {
        "list_display": _columns,
        "list_filter": _filters,
        "search_fields": _searched,
        "list_select_related": _links,
    }
    admin.site.register(_model, type(f"Watched{_model.__name__}", (Watched,), _shown))

admin.site.site_header = admin.site.site_title = "Tonewright"
