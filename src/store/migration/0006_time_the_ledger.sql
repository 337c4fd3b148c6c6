-- What became of the event times of a chunk, beside its counts, so that the worker's metrics can say it by reading a few lines of
-- the ledger by key instead of events: `late` (came to the queue more than two minutes after it happened, the grace of every answer),
-- `clamped` (its time was impossible; migration 0002) and `newest` (largest event time as stored; 1970 when there is no event).
-- Backfills and records without a queue time are neither late nor clamped. Lines of before keep zeros.
ALTER TABLE atbd.ledger_local
    ADD COLUMN IF NOT EXISTS late UInt64, ADD COLUMN IF NOT EXISTS clamped UInt64, ADD COLUMN IF NOT EXISTS newest DateTime64(3, 'UTC');

ALTER TABLE atbd.ledger
    ADD COLUMN IF NOT EXISTS late UInt64, ADD COLUMN IF NOT EXISTS clamped UInt64, ADD COLUMN IF NOT EXISTS newest DateTime64(3, 'UTC');

-- Made anew and not by MODIFY QUERY: the tokens of a view that was modified are others after the server's next start, so a chunk that
-- is sent again then was stored twice. Inserts are refused meanwhile (gate/intake-gate.ts).
DROP VIEW IF EXISTS atbd.judged_to_ledger;

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_ledger TO atbd.ledger_local AS
WITH extractGroups(getSetting('insert_deduplication_token'), '^(.*):e(\\d+):p(\\d+):(\\d+)-(\\d+):s\\d+$') AS chunk
SELECT
    chunk[1] AS topic, toUInt32OrZero(chunk[2]) AS epoch, toUInt32OrZero(chunk[3]) AS partition,
    toUInt64OrZero(chunk[4]) AS first, toUInt64OrZero(chunk[5]) AS last,
    countIf(why = '') AS stored,
    countIf(why NOT IN ('', 'hole')) AS dead,
    sumMapIf(map(why, toUInt64(1)), why NOT IN ('', 'hole')) AS reasons,
    countIf(place = 'late') AS late,
    countIf(place = 'clamped') AS clamped,
    maxIf(if(place IN ('clamped', 'unknown'), queue_time, toDateTime64(assumeNotNull(event_time), 3, 'UTC')), why = '') AS newest
FROM
(
    SELECT why, queue_time, event_time,
        multiIf(event_time IS NULL, 'unknown', why != '' OR is_backfill != 0 OR toUnixTimestamp64Milli(queue_time) <= 0, 'ordinary',
            event_time < subtractDays(queue_time, 400) OR event_time > addMinutes(queue_time, 10), 'clamped',
            event_time < subtractMinutes(queue_time, 2), 'late', 'ordinary') AS place
    FROM atbd.judged
);
