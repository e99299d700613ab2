"""DMARC: what receivers shall do with mail that neither SPF nor DKIM proves (RFC 9989)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checkdmarc import dmarc as reader

from postroad.model.check import Finding, State, Topic
from postroad.model.text import Text, join, say
from postroad.trace.deliverability.reading import Findings, through
from postroad.trace.lookup import Lookup


def look(domain: str, lookup: Lookup) -> list[Finding]:
    """How the policy stands, the domain's own or that of the domain above."""
    found = Findings(Topic.DMARC, domain)
    answer = lookup.ask(f"_dmarc.{domain}", "TXT")
    if not answer.is_certain:
        title = say("The DMARC record could not be looked up: the name servers do not answer.")
        return [found(State.UNKNOWN, title)]
    read: Mapping[str, Any] = reader.check_dmarc(domain, **through(lookup))
    record = str(read.get("record") or "\n".join(answer.texts))
    if not read["valid"]:
        if not read.get("record") and not answer.texts:
            title = say("There is no DMARC record. Large receivers ask for one.")
        else:
            title = say("The DMARC record does not work: {why}", why=str(read.get("error")))
        return [found(State.FAULT, title, record=record, advice=_publish(domain, _fresh(domain)))]
    return [_policy(domain, record, read, found)]


def _policy(domain: str, record: str, read: Mapping[str, Any], found: Findings) -> Finding:
    location = str(read["location"] or domain)
    tags = read["tags"]
    wanted = str(tags["p" if location == domain else "sp"]["value"])
    others = [
        say("Also: {why}", why=str(each))
        for each in read["warnings"]
        if "unenforced" not in str(each)
    ]
    where = (
        ""
        if location == domain
        else say("It is that of {domain}, the domain above.", domain=location)
    )
    if wanted == "none":
        title = join([say("The DMARC policy asks receivers to do nothing (p=none)."), where])
        advice = join(
            [
                say("When the reports show that your own mail passes:"),
                _publish(location, re.sub(r"\bp\s*=\s*none", "p=quarantine", record, count=1)),
                *others,
            ],
            "\n",
        )
        return found(State.WARNING, title, record=record, advice=advice)
    asked = say("The DMARC policy is {policy}.", policy=wanted)
    if "rua" not in tags:
        title = join([asked, say("It asks for no reports."), where])
        with_reports = f"{record.rstrip('; ')}; rua=mailto:postmaster@{location}"
        advice = join([_publish(location, with_reports), *others], "\n")
        return found(State.WARNING, title, record=record, advice=advice)
    state = State.WARNING if others else State.OK
    return found(state, join([asked, where]), record=record, advice=join(others, "\n"))


def _fresh(domain: str) -> str:
    return f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"


def _publish(domain: str, record: str) -> Text:
    return say(
        "Publish at {domain} the TXT record\n{record}", domain=f"_dmarc.{domain}", record=record
    )
