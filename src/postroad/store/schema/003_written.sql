-- When a row was written, so that whoever waits for news asks for what is new, whatever time it
-- speaks of: a log may be read a day late.
--
-- What stands already is given the moment of this change: it is not news to anybody.

ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS `written_at` Int64 MATERIALIZED toUnixTimestamp64Micro(now64(6)) COMMENT 'When this row was written' CODEC(ZSTD(1));

ALTER TABLE deliveries MATERIALIZE COLUMN written_at SETTINGS mutations_sync = 2;

ALTER TABLE deliveries ADD INDEX IF NOT EXISTS written written_at TYPE minmax GRANULARITY 4;
