"""Administration: accounts, what was read, what was not understood, and who did what.

For administrators; resellers may read the list of their own accounts.
"""

from __future__ import annotations

from typing import Any

from postroad.web.admin import accounts, audit, domains, sources

__all__ = ["HANDLERS"]

HANDLERS: list[Any] = [
    accounts.front,
    accounts.accounts_page,
    accounts.new_account_page,
    accounts.add_account,
    accounts.account_page,
    accounts.change_account,
    accounts.set_use,
    accounts.sign_out_everywhere,
    accounts.removal_page,
    accounts.remove_account,
    domains.domains_page,
    sources.sources_page,
    sources.unknown_page,
    audit.audit_page,
]
