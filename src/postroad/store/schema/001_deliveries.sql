-- What became of each message for each recipient, and everything it rests on.
--
-- Times are microseconds since 1970-01-01 00:00:00 UTC, 0 where not known. They are plain integers
-- so that no time a log can claim, however absurd, is refused or changed.
-- Partitions are weeks of such times, so that what is too old is dropped a week at a time.

CREATE TABLE IF NOT EXISTS deliveries
(
    `id` FixedString(24) COMMENT 'Names the delivery: message key and a hash of both recipients' CODEC(ZSTD(1)),
    `message_key` FixedString(16) COMMENT 'Common to the deliveries of one message' CODEC(ZSTD(1)),
    `host` LowCardinality(String) COMMENT 'Server whose log tells of it',
    `instance` LowCardinality(String) COMMENT 'Which of its queues',
    `queue_id` String COMMENT 'Queue id of the server' CODEC(ZSTD(1)),
    `version` UInt32 COMMENT 'How many log lines this row rests on; the highest counts',
    `deleted` Bool COMMENT 'Withdrawn: it turned out to speak of something else',
    `folded` Bool COMMENT 'A later hop of another delivery, not shown by itself',
    `message_id` String COMMENT 'Message-ID (RFC 5322 section 3.6.4)' CODEC(ZSTD(1)),
    `status` Enum8('delivered' = 1, 'in_progress' = 2, 'deferred' = 3, 'failed' = 4, 'rejected' = 5, 'blocked' = 6, 'filtered' = 7) COMMENT 'What became of it',
    `direction` Enum8('unknown' = 0, 'inbound' = 1, 'outbound' = 2, 'internal' = 3, 'relayed' = 4) COMMENT 'Which way it went, seen from this server',
    `sender` String COMMENT 'Envelope sender (RFC 5321 MAIL FROM) as claimed; empty is the null sender' CODEC(ZSTD(1)),
    `recipient` String COMMENT 'Envelope recipient (RFC 5321 RCPT TO) as addressed' CODEC(ZSTD(1)),
    `delivered_to` String COMMENT 'Final address, mailbox, file or command; empty while not known to differ' CODEC(ZSTD(1)),
    `mailbox` LowCardinality(String) COMMENT 'Folder that it was stored in, where the mailbox server says so',
    `sent_at` Int64 COMMENT 'Arrival here' CODEC(ZSTD(1)),
    `last_attempt_at` Int64 COMMENT 'Last try to deliver' CODEC(ZSTD(1)),
    `attempts` UInt32 COMMENT 'How many tries were made',
    `subject` String COMMENT 'Subject, where the server logs it' CODEC(ZSTD(1)),
    `size` Int64 COMMENT 'Octets' CODEC(ZSTD(1)),
    `spam_score` Nullable(Float64) COMMENT 'Score of the spam filter',
    `scanner` LowCardinality(String) COMMENT 'Program that judged the content',
    `spam_verdict` LowCardinality(String) COMMENT 'Its verdict in its own words',
    `spam_rules` Array(String) COMMENT 'Its rules that hit' CODEC(ZSTD(1)),
    `user` LowCardinality(String) COMMENT 'Proven login or local account',
    `domain` LowCardinality(String) COMMENT 'Domain of the proven submitter',
    `auth` LowCardinality(String) COMMENT 'Authenticator or SASL mechanism (RFC 4954)',
    `client_host` String COMMENT 'Name of the host that gave us the message' CODEC(ZSTD(1)),
    `client_ip` String COMMENT 'Its address' CODEC(ZSTD(1)),
    `helo` String COMMENT 'What it called itself (RFC 5321 EHLO)' CODEC(ZSTD(1)),
    `protocol` LowCardinality(String) COMMENT 'How it was received: esmtpsa, local, ...',
    `router` LowCardinality(String) COMMENT 'Router of the last attempt',
    `transport` LowCardinality(String) COMMENT 'Transport of the last attempt',
    `remote_host` String COMMENT 'Host of the last attempt' CODEC(ZSTD(1)),
    `remote_ip` String COMMENT 'Its address' CODEC(ZSTD(1)),
    `tls` LowCardinality(String) COMMENT 'TLS of the last attempt, as logged',
    `smtp_code` UInt16 COMMENT 'Reply code (RFC 5321 section 4.2)',
    `enhanced_code` LowCardinality(String) COMMENT 'Enhanced status code (RFC 3463)',
    `result` String COMMENT 'What the last server said, verbatim' CODEC(ZSTD(1)),
    `reason` LowCardinality(String) COMMENT 'Why it failed or waits, from a closed list',
    `targets` Array(String) COMMENT 'Address keys of the receiving side' CODEC(ZSTD(1)),
    `origins` Array(String) COMMENT 'Address keys and logins of the proven submitter' CODEC(ZSTD(1)),
    `hops` Array(String) COMMENT 'Queue ids that carried this copy on, in order',
    `asides` Array(String) COMMENT 'Other programs'' lines about it: host, instance and queue id' CODEC(ZSTD(1)),
    `knocks` UInt32 COMMENT 'How often it was refused before it was let in',
    `knocked_at` Int64 COMMENT 'When first' CODEC(ZSTD(1)),
    `bounce_of` String COMMENT 'Queue id of the message that this one reports about',
    `bounced_as` String COMMENT 'Queue id of the notification about this delivery',
    `next_queue_id` String COMMENT 'Queue id at the next server' CODEC(ZSTD(1)),
    `first_at` Int64 COMMENT 'First log line of the message: arrival or refusal' CODEC(ZSTD(1)),
    `last_at` Int64 COMMENT 'Last log line of the message' CODEC(ZSTD(1)),
    `ago` Int64 MATERIALIZED -first_at COMMENT 'Sorts the newest first' CODEC(ZSTD(1)),
    `first` DateTime64(6, 'UTC') ALIAS fromUnixTimestamp64Micro(first_at, 'UTC') COMMENT 'first_at for people',
    `sent` DateTime64(6, 'UTC') ALIAS fromUnixTimestamp64Micro(sent_at, 'UTC') COMMENT 'sent_at for people',
    `last_attempt` DateTime64(6, 'UTC') ALIAS fromUnixTimestamp64Micro(last_attempt_at, 'UTC') COMMENT 'last_attempt_at for people',
    INDEX active greatest(first_at, last_attempt_at) TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY intDiv(first_at, 604800000000)
ORDER BY (ago, id)
SETTINGS index_granularity = 256
COMMENT 'One row per message and recipient';

-- Every list is a range of this table: all rows of one key, the newest first.
CREATE TABLE IF NOT EXISTS deliveries_by_key
(
    `key` String COMMENT 'Empty: every delivery. Address key, @domain, login, mailbox, queue id, Message-ID, message key; <> is the null sender' CODEC(ZSTD(1)),
    `ago` Int64 COMMENT 'Minus first_at: sorts the newest first' CODEC(ZSTD(1)),
    `id` FixedString(24) COMMENT 'Delivery' CODEC(ZSTD(1)),
    `sides` UInt8 COMMENT 'What the key is to it: 1 target, 2 proven origin, 4 envelope sender, 8 identifier, 16 recipient or mailbox by name, 32 recipient as addressed; 0 for the empty key',
    `version` UInt32 COMMENT 'As in deliveries',
    `shown` Bool COMMENT 'Neither withdrawn nor folded',
    `status` Enum8('delivered' = 1, 'in_progress' = 2, 'deferred' = 3, 'failed' = 4, 'rejected' = 5, 'blocked' = 6, 'filtered' = 7) COMMENT 'What became of it',
    `direction` Enum8('unknown' = 0, 'inbound' = 1, 'outbound' = 2, 'internal' = 3, 'relayed' = 4) COMMENT 'Which way it went',
    `host` LowCardinality(String) COMMENT 'Server whose log tells of it',
    `active_at` Int64 COMMENT 'The later of first_at and last_attempt_at' CODEC(ZSTD(1)),
    `subject` String COMMENT 'Subject, under the empty key only' CODEC(ZSTD(1)),
    INDEX active active_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY intDiv(-ago, 604800000000)
ORDER BY (key, ago, id)
SETTINGS index_granularity = 1024
COMMENT 'Which deliveries each party and identifier has; filled from deliveries';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_by_key_view TO deliveries_by_key AS
WITH
    (a -> concat('@', trim(TRAILING '>' FROM substringIndex(a, '@', -1)))) AS domain_of,
    arrayConcat(targets, arrayMap(domain_of, arrayFilter(a -> position(a, '@') > 0, targets))) AS target_keys,
    arrayConcat(origins, arrayMap(domain_of, arrayFilter(a -> position(a, '@') > 0, origins))) AS origin_keys,
    lowerUTF8(sender) AS sender_key,
    if(position(sender_key, '@') > 0, [sender_key, domain_of(sender_key)], [if(sender = '', '<>', sender_key)]) AS sender_keys,
    arrayConcat([queue_id, trim(TRAILING '>' FROM trim(LEADING '<' FROM message_id)), toString(message_key)], hops) AS identifiers,
    arrayFilter(n -> NOT has(targets, n) AND NOT match(n, '[/| ]'), [lowerUTF8(recipient), lowerUTF8(delivered_to)]) AS names,
    lowerUTF8(recipient) AS recipient_key,
    [recipient_key, if(position(recipient_key, '@') > 0, domain_of(recipient_key), '')] AS addressed_keys,
    arrayFilter(k -> k NOT IN ('', '@'), arrayDistinct(arrayConcat(target_keys, origin_keys, sender_keys, identifiers, names))) AS keys
SELECT
    arrayJoin(arrayConcat([''], keys)) AS key,
    -first_at AS ago,
    id,
    toUInt8(if(key = '', 0, has(target_keys, key) + 2 * has(origin_keys, key) + 4 * has(sender_keys, key) + 8 * has(identifiers, key) + 16 * has(names, key) + 32 * has(addressed_keys, key))) AS sides,
    version,
    NOT deleted AND NOT folded AS shown,
    status,
    direction,
    host,
    greatest(first_at, last_attempt_at) AS active_at,
    if(key = '', deliveries.subject, '') AS subject
FROM deliveries;

CREATE TABLE IF NOT EXISTS attempts
(
    `delivery_id` FixedString(24) COMMENT 'Delivery it was made for' CODEC(ZSTD(1)),
    `message_key` FixedString(16) COMMENT 'Its message' CODEC(ZSTD(1)),
    `host` LowCardinality(String) COMMENT 'Server whose log tells of it',
    `queue_id` String COMMENT 'Queue id it was made under' CODEC(ZSTD(1)),
    `at` Int64 COMMENT 'When it ended' CODEC(ZSTD(1)),
    `outcome` Enum8('delivered' = 1, 'deferred' = 2, 'failed' = 3, 'discarded' = 4, 'postponed' = 5, 'blocked' = 6) COMMENT 'How it ended',
    `counted` Bool COMMENT 'False where no host or mailbox was really tried',
    `address` String COMMENT 'Address it was for' CODEC(ZSTD(1)),
    `router` LowCardinality(String) COMMENT 'Router',
    `transport` LowCardinality(String) COMMENT 'Transport',
    `remote_host` String COMMENT 'Host it was offered to' CODEC(ZSTD(1)),
    `remote_ip` String COMMENT 'Its address' CODEC(ZSTD(1)),
    `remote_port` UInt16 COMMENT 'Its port',
    `tls` LowCardinality(String) COMMENT 'TLS, as logged',
    `smtp_code` UInt16 COMMENT 'Reply code (RFC 5321 section 4.2)',
    `enhanced_code` LowCardinality(String) COMMENT 'Enhanced status code (RFC 3463)',
    `reply` String COMMENT 'What the server said, verbatim' CODEC(ZSTD(1)),
    `reason` LowCardinality(String) COMMENT 'Why it failed or waits, from a closed list'
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(at, 604800000000)
ORDER BY (delivery_id, at, queue_id, address, outcome, remote_host, remote_ip, reply)
PRIMARY KEY (delivery_id, at)
SETTINGS index_granularity = 512
COMMENT 'One row per try; all of its columns make it, so replays fall onto themselves';

CREATE TABLE IF NOT EXISTS log_lines
(
    `host` LowCardinality(String) COMMENT 'Server that wrote it',
    `instance` LowCardinality(String) COMMENT 'Which of its queues',
    `queue_id` String COMMENT 'Message it belongs to' CODEC(ZSTD(1)),
    `at` Int64 COMMENT 'When it was written' CODEC(ZSTD(1)),
    `text` String COMMENT 'The line as it stood in the log' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(at, 604800000000)
ORDER BY (queue_id, host, instance, at, text)
PRIMARY KEY (queue_id, host)
SETTINGS index_granularity = 512
COMMENT 'Evidence: everything else can be rebuilt from it';

CREATE TABLE IF NOT EXISTS newest_lines
(
    `host` String COMMENT 'Server that wrote it',
    `at` SimpleAggregateFunction(max, Int64) COMMENT 'Its newest line that is stored'
)
ENGINE = AggregatingMergeTree
ORDER BY host
COMMENT 'Up to when each server is known; filled from log_lines';

CREATE MATERIALIZED VIEW IF NOT EXISTS newest_lines_view TO newest_lines AS
SELECT toString(host) AS host, max(at) AS at FROM log_lines GROUP BY host;

CREATE TABLE IF NOT EXISTS links
(
    `host` LowCardinality(String) COMMENT 'Server both belong to',
    `instance` LowCardinality(String) COMMENT 'Which of its queues',
    `kind` Enum8('bounced_as' = 1, 'postmaster_notified_as' = 2, 'delay_notified_as' = 3, 'dsn_sent_as' = 4, 'forwarded_as' = 5, 'filtered_as' = 6, 'requeued_as' = 7) COMMENT 'How they belong together',
    `queue_id` String COMMENT 'The first queue id',
    `other` String COMMENT 'The second queue id',
    `at` Int64 COMMENT 'When the line was written that says so',
    INDEX other other TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(at, 604800000000)
ORDER BY (queue_id, host, instance, kind, other, at)
SETTINGS index_granularity = 1024
COMMENT 'Queue ids of one server that belong together';

CREATE TABLE IF NOT EXISTS coverage
(
    `source` LowCardinality(String) COMMENT 'Configured name, or path it was imported from',
    `host` LowCardinality(String) COMMENT 'Server the lines speak of',
    `minute` Int64 COMMENT 'Start of the minute the lines speak of' CODEC(ZSTD(1)),
    `chunk` String COMMENT 'Piece of input; read again, it replaces itself' CODEC(ZSTD(1)),
    `lines` UInt64 COMMENT 'Lines read',
    `understood` UInt64 COMMENT 'Lines that say something about mail',
    `noise` UInt64 COMMENT 'Lines known to say nothing about mail',
    `unknown` UInt64 COMMENT 'Lines not understood'
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(minute, 604800000000)
ORDER BY (source, host, minute, chunk)
COMMENT 'What was read, minute by minute';

CREATE TABLE IF NOT EXISTS unknown_lines
(
    `source` LowCardinality(String) COMMENT 'Configured name, or path it was imported from',
    `host` LowCardinality(String) COMMENT 'Server that wrote it',
    `at` Int64 COMMENT 'When it was written',
    `shape` String COMMENT 'The line without its digits and addresses' CODEC(ZSTD(1)),
    `text` String COMMENT 'The line' CODEC(ZSTD(1)),
    `position` String COMMENT 'File and line'
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(at, 604800000000)
ORDER BY (shape, source, host, at, text)
COMMENT 'A bounded sample of the lines that were not understood';

-- Small beside the deliveries: a login sends much from few places.
CREATE TABLE IF NOT EXISTS entries
(
    `key` String COMMENT 'Empty: every entry. Address key, @domain or login of the proven submitter' CODEC(ZSTD(1)),
    `week` Int64 COMMENT 'Week of the messages, counted from 1970-01-01 00:00:00 UTC',
    `user` LowCardinality(String) COMMENT 'Proven login or local account',
    `auth` LowCardinality(String) COMMENT 'Authenticator or SASL mechanism (RFC 4954)',
    `protocol` LowCardinality(String) COMMENT 'How they were received: esmtpsa, local, ...',
    `client_ip` String COMMENT 'Address of the host that gave us the messages' CODEC(ZSTD(1)),
    `client_host` String COMMENT 'Its name' CODEC(ZSTD(1)),
    `helo` String COMMENT 'What it called itself (RFC 5321 EHLO)' CODEC(ZSTD(1)),
    `first_at` SimpleAggregateFunction(min, Int64) COMMENT 'Arrival of the first' CODEC(ZSTD(1)),
    `last_at` SimpleAggregateFunction(max, Int64) COMMENT 'Arrival of the last' CODEC(ZSTD(1)),
    `messages` AggregateFunction(uniq, FixedString(16)) COMMENT 'Their message keys, each counted once'
)
ENGINE = AggregatingMergeTree
PARTITION BY week
ORDER BY (key, week, user, auth, protocol, client_ip, client_host, helo)
SETTINGS index_granularity = 1024
COMMENT 'From where, and how, mail was submitted; filled from deliveries';

CREATE MATERIALIZED VIEW IF NOT EXISTS entries_view TO entries AS
WITH
    (a -> concat('@', trim(TRAILING '>' FROM substringIndex(a, '@', -1)))) AS domain_of,
    arrayConcat(origins, arrayMap(domain_of, arrayFilter(a -> position(a, '@') > 0, origins))) AS keys
SELECT
    arrayJoin(arrayDistinct(arrayConcat([''], keys))) AS key,
    intDiv(deliveries.first_at, 604800000000) AS week,
    user,
    auth,
    protocol,
    client_ip,
    client_host,
    helo,
    min(deliveries.first_at) AS first_at,
    max(deliveries.first_at) AS last_at,
    uniqState(message_key) AS messages
FROM deliveries
WHERE user != '' AND NOT deleted AND NOT folded
GROUP BY key, week, user, auth, protocol, client_ip, client_host, helo;

-- What came back about messages. Anybody can have written it, so it is kept apart from the rest.
CREATE TABLE IF NOT EXISTS receipts
(
    `key` String COMMENT 'What it says it is about: Message-ID without brackets, or queue id' CODEC(ZSTD(1)),
    `host` LowCardinality(String) COMMENT 'Of a queue id the host whose it is, as the receipt says',
    `id` FixedString(32) COMMENT 'Names the receipt by all that it says' CODEC(ZSTD(1)),
    `noted_at` Int64 COMMENT 'When it was written, no later than it was read' CODEC(ZSTD(1)),
    `says` Enum8('delivered' = 1, 'failed' = 2, 'delayed' = 3, 'relayed' = 4, 'expanded' = 5, 'displayed' = 6, 'deleted' = 7, 'dispatched' = 8, 'processed' = 9, 'denied' = 10) COMMENT 'Action (RFC 3464 section 2.3.3) or disposition (RFC 8098 section 3.2.6.2)',
    `recipient` String COMMENT 'Final-Recipient' CODEC(ZSTD(1)),
    `original` String COMMENT 'Original-Recipient' CODEC(ZSTD(1)),
    `at` Int64 COMMENT 'When it happened, as it says' CODEC(ZSTD(1)),
    `reporter` String COMMENT 'Reporting-MTA or Reporting-UA' CODEC(ZSTD(1)),
    `remote` String COMMENT 'Remote-MTA' CODEC(ZSTD(1)),
    `enhanced_code` LowCardinality(String) COMMENT 'Status (RFC 3463)',
    `smtp_code` UInt16 COMMENT 'Reply code (RFC 5321 section 4.2)',
    `diagnostic` String COMMENT 'Diagnostic-Code, verbatim' CODEC(ZSTD(1)),
    `by_hand` Bool COMMENT 'Whether a person sent it, as it says'
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(noted_at, 604800000000)
ORDER BY (key, host, id)
SETTINGS index_granularity = 1024
COMMENT 'Delivery status and disposition notifications, by what they say they are about';
