-- Lines that are missing, as whoever read or received them noticed.

CREATE TABLE IF NOT EXISTS gaps
(
    `source` LowCardinality(String) COMMENT 'Configured name of the source',
    `host` LowCardinality(String) COMMENT 'Host for lines of it that name none',
    `kind` Enum8('rotated' = 1, 'cut' = 2, 'unresumed' = 3, 'dropped' = 4) COMMENT 'Why lines are missing',
    `since` Int64 COMMENT 'From when on',
    `until` Int64 COMMENT 'Up to when',
    `lost` UInt64 COMMENT 'How many lines; 0 where nobody counted',
    `seen_at` Int64 COMMENT 'When it was noticed last'
)
ENGINE = ReplacingMergeTree(seen_at)
PARTITION BY intDiv(since, 604800000000)
ORDER BY (source, host, kind, since)
COMMENT 'Where lines are missing';
