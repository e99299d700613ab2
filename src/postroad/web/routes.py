"""The pages' routes."""

from __future__ import annotations

from litestar import Router
from litestar.datastructures import State
from litestar.di import Provide

from postroad.services import Services
from postroad.web import (
    admin,
    checks,
    elsewhere,
    entered,
    evidence,
    export,
    exports,
    letters,
    looked,
    message,
    notices,
    overview,
    paste,
    preferences,
    reasons,
    remote,
    report,
    reports,
    rows,
    saved,
    signing,
    statics,
    trace,
    unsubscribe,
    webhooks,
)


def routes() -> list[Router]:
    """Everything that is not the API."""
    pages = Router(
        "/",
        route_handlers=[
            report.report,
            rows.row,
            remote.remote,
            export.export_csv,
            export.export_json,
            export.export_parquet,
            *exports.HANDLERS,
            paste.paste,
            saved.save_search,
            saved.forget_search,
            saved.clear_searches,
            saved.set_columns,
            message.message,
            reasons.reasons_page,
            reasons.reason_page,
            overview.overview,
            entered.entered,
            looked.looked,
            *admin.HANDLERS,
            *checks.HANDLERS,
            *notices.HANDLERS,
            *unsubscribe.HANDLERS,
            *letters.HANDLERS,
            *webhooks.HANDLERS,
            *reports.HANDLERS,
            *evidence.HANDLERS,
            preferences.preferences_page,
            preferences.set_preferences,
            signing.sign_in_page,
            signing.sign_in,
            elsewhere.go,
            elsewhere.back,
            signing.sign_out,
            signing.sign_out_everywhere,
            signing.change_password,
            trace.trace,
            trace.part,
            statics.static_file,
        ],
        dependencies={
            "services": Provide(_services, sync_to_thread=False),
            "viewer": Provide(signing.signed_in, sync_to_thread=False),
        },
    )
    return [pages]


def _services(state: State) -> Services:
    found: Services = state.services
    return found
