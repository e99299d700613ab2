"""TLS-RPT: where reports go on mail to the domain that could not be encrypted (RFC 8460)."""

from __future__ import annotations

from checkdmarc import smtp_tls_reporting as reader

from postroad.model.check import Finding, State, Topic
from postroad.model.text import Text, say
from postroad.trace.deliverability.reading import Findings
from postroad.trace.lookup import Lookup


def look(domain: str, lookup: Lookup) -> list[Finding]:
    """How the record stands. A domain needs none."""
    found = Findings(Topic.TLS_RPT, domain)
    answer = lookup.ask(f"_smtp._tls.{domain}", "TXT")
    records = [each for each in answer.texts if each.startswith("v=TLSRPTv1")]
    if not answer.is_certain:
        return [found(State.UNKNOWN, say("The TLS-RPT record could not be looked up."))]
    if not records:
        has_policy = any(
            each.startswith("v=STSv1") for each in lookup.ask(f"_mta-sts.{domain}", "TXT").texts
        )
        title = say("The domain asks for no reports on encryption.")
        state = State.WARNING if has_policy else State.OK
        return [found(state, title, advice=_publish(domain))]
    record = "\n".join(records)
    if len(records) > 1:
        title = say("There are several TLS-RPT records, so that none counts.")
        return [found(State.FAULT, title, record=record, advice=_publish(domain))]
    try:
        reader.parse_smtp_tls_reporting_record(record)
    except reader.SMTPTLSReportingError as error:
        title = say("The TLS-RPT record cannot be read: {why}", why=str(error))
        return [found(State.FAULT, title, record=record, advice=_publish(domain))]
    return [found(State.OK, say("Reports on encryption are asked for."), record=record)]


def _publish(domain: str) -> Text:
    return say(
        "To learn of mail to you that cannot be encrypted, publish at {name} the TXT record\n"
        "{record}",
        name=f"_smtp._tls.{domain}",
        record=f"v=TLSRPTv1; rua=mailto:postmaster@{domain}",
    )
