"""Deliveries by the million, made inside ClickHouse: what `bench/search.py` searches.

Numbers in, rows out: every value is worked out from the number of its row, so that two runs give
the same store. Half of the mail comes in, a third goes out, the rest stays; domains and mailboxes
are as uneven as real ones are, and one domain has a tenth of everything.
"""

from __future__ import annotations

DAY = 86_400_000_000
#: Deliveries to four messages: some have two recipients.
_PER_FOUR = 5
#: Domains of ours and of others.
OWN_DOMAINS, OTHER_DOMAINS = 5_000, 20_000
BIG_DOMAIN = "big.example"

#: Facts of a message and its recipient by number. `u(salt)` is a number from 0 to 1.
_FACTS = """
    intDiv(n * 4, {per}) AS m,
    {start} + m * intDiv({span} * {per}, {total} * 4) AS arrived,
    cityHash64(m, 'kind') % 100 AS kind,
    kind < 55 AS inbound, kind >= 55 AND kind < 88 AS outbound,
    cityHash64(m, 'host') % 4 AS h,
    cityHash64(m, 'fate') % 1000 AS fate,
    multiIf(kind >= 97, 5, fate < 900, 1, fate < 925, 3, fate < 980, 4, fate < 985, 6,
        fate < 992, 7, 2) AS state,
    (cityHash64(m, 'big') % 10 = 0) AS is_big,
    concat('tenant', toString(toUInt32({own} * pow(({u_own}), 3))), '.example') AS tenant,
    if(is_big, '{big}', tenant) AS own,
    concat('other', toString(toUInt32({other} * pow(({u_other}), 4))), '.example') AS other,
    concat('user', toString(toUInt32(if(is_big, 2000, 150) * pow(({u_user}), 2)))) AS own_user,
    concat('person', toString(cityHash64(n, 'person') % 100000)) AS other_user,
    lower(leftPad(hex(sipHash64(m)), 16, '0')) AS mk,
    concat('1t', substring(base58Encode(toString(sipHash64(m, 'q'))), 1, 4), '-',
        substring(mk, 1, 11), '-', substring(mk, 12, 4)) AS q
"""


def facts(start: int, span: int, total: int) -> str:
    """The common part of all tables' queries: a message for each `n`."""
    return _FACTS.format(
        per=_PER_FOUR,
        start=start,
        span=span,
        total=total,
        big=BIG_DOMAIN,
        own=OWN_DOMAINS,
        other=OTHER_DOMAINS,
        u_own=_uniform("m, 'own'"),
        u_other=_uniform("m, 'other'"),
        u_user=_uniform("n, 'user'"),
    )


def _uniform(salt: str) -> str:
    return f"(cityHash64({salt}) % 1000003) / 1000003"


def deliveries(start: int, span: int, total: int, first: int, count: int) -> str:
    """Insert so many deliveries from the one with number `first` on."""
    return f"""
    INSERT INTO deliveries (id, message_key, host, queue_id, version, message_id, status,
        direction, sender, recipient, delivered_to, sent_at, last_attempt_at, attempts, subject,
        size, spam_score, user, domain, auth, client_host, client_ip, helo, protocol, router,
        transport, remote_host, remote_ip, tls, smtp_code, enhanced_code, result, reason,
        targets, origins, first_at, last_at)
    WITH {facts(start, span, total)}
    SELECT
        concat(mk, lower(leftPad(hex(toUInt32(cityHash64(n, 'r'))), 8, '0'))),
        mk, concat('mx', toString(h), '.example'), q, 3 + state % 3,
        concat(lower(hex(sipHash128(m))), '@', if(inbound, other, own)),
        state, multiIf(inbound, 1, outbound, 2, 3),
        if(inbound, concat(other_user, '@', other), concat(own_user, '@', own)) AS sender_,
        if(outbound, concat(other_user, '@', other), concat('user',
            toString(cityHash64(n, 'r') % if(is_big, 2000, 150)), '@', own)) AS recipient_,
        if(not outbound and cityHash64(n, 'alias') % 10 = 0,
            concat('box', toString(cityHash64(n, 'r') % 50), '@', own), '') AS final_,
        arrived, arrived + 1500000 + if(state IN (3, 4), cityHash64(m, 'd') % {2 * DAY}, 0),
        1 + if(state IN (3, 4), cityHash64(m, 'a') % 20, 0),
        if(cityHash64(m, 's') % 10 < 6, concat('Your order ', toString(cityHash64(m, 's') % 90000),
            ' of ', own, ' is on its way'), ''),
        1000 + cityHash64(m, 'size') % 90000, if(inbound, (cityHash64(m, 'x') % 80) / 10 - 2, NULL),
        if(inbound, '', sender_), if(inbound, '', own), if(inbound, '', 'dovecot_login'),
        if(inbound, concat('out', toString(cityHash64(m, 'o') % 9), '.', other), 'client.example'),
        if(inbound, concat('198.18.', toString(cityHash64(m, 'o') % 100), '.', toString(m % 250)),
            concat('198.19.', toString(cityHash64(sender_) % 250), '.',
                toString(cityHash64(sender_, m % 3) % 250))),
        if(inbound, concat('out.', other), '[192.0.2.7]'), if(inbound, 'esmtps', 'esmtpsa'),
        if(outbound, 'dnslookup', 'virtual_user'), if(outbound, 'remote_smtp', 'dovecot_lmtp'),
        if(outbound, concat('mx', toString(n % 3), '.', other), ''),
        if(outbound, concat('203.0.113.', toString(cityHash64(other) % 250)), ''),
        if(outbound, 'TLS1.3:TLS_AES_256_GCM_SHA384:256', ''),
        multiIf(state = 1, 250, state = 3, 451, state IN (4, 5), 550, 0),
        multiIf(state = 1, '2.0.0', state = 3, '4.7.1', state IN (4, 5), '5.1.1', ''),
        multiIf(state = 1, concat('250 2.0.0 OK ', toString(cityHash64(n)), ' ', lower(hex(m)),
            '.', toString(n % 1000), ' - smtp'), state = 3, concat('451 4.7.1 <', recipient_,
            '>: Recipient address rejected: Greylisted, see http://postgrey.example/help/', own),
            state IN (4, 5), concat('550 5.1.1 <', recipient_, '>: Recipient address rejected: ',
            'User unknown in virtual mailbox table'), ''),
        multiIf(state = 3, 'greylisted', state IN (4, 5), 'no_such_user', ''),
        if(outbound, [recipient_], if(final_ = '', [recipient_], [recipient_, final_])),
        if(inbound, [], [sender_]), arrived, arrived + 2000000
    FROM (SELECT number AS n FROM numbers({first}, {count}))
    """


def attempts(start: int, span: int, total: int, first: int, count: int) -> str:
    """Insert one attempt for each of these deliveries."""
    return f"""
    INSERT INTO attempts (delivery_id, message_key, host, queue_id, at, outcome, address,
        transport, remote_host, smtp_code, reply)
    WITH {facts(start, span, total)}
    SELECT concat(mk, lower(leftPad(hex(toUInt32(cityHash64(n, 'r'))), 8, '0'))), mk,
        concat('mx', toString(h), '.example'), q, arrived + 1500000,
        multiIf(state = 1, 1, state = 3, 2, 3), concat(other_user, '@', other), 'remote_smtp',
        concat('mx0.', other), 250, concat('250 2.0.0 OK ', toString(cityHash64(n)), ' - smtp')
    FROM (SELECT number AS n FROM numbers({first}, {count})) WHERE state != 5
    """


def lines(start: int, span: int, total: int, first: int, count: int) -> str:
    """Insert three log lines for each of these deliveries."""
    return f"""
    INSERT INTO log_lines (host, instance, queue_id, at, text)
    WITH {facts(start, span, total)}
    SELECT concat('mx', toString(h), '.example'), '', q, arrived + part * 1000000,
        concat(toString(fromUnixTimestamp64Micro(arrived)), ' ', q, multiIf(
            part = 0, concat(' <= ', other_user, '@', other, ' H=out.', other,
                ' [198.51.100.7] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no S=4711 id=',
                lower(hex(sipHash128(m))), '@', other, ' for ', own_user, '@', own),
            part = 1, concat(' => ', own_user, ' <', own_user, '@', own,
                '> R=virtual_user T=dovecot_lmtp C="250 2.0.0 <', own_user, '@', own, '> ',
                lower(hex(m)), ' Saved"'),
            ' Completed'))
    FROM (SELECT number AS n FROM numbers({first}, {count})) ARRAY JOIN [0, 1, 2] AS part
    """
