"""The statements of the answer writer, in the driver's own form."""

__all__ = ["DELETE_DRAFTS", "INSERT", "LOCK", "MOVED", "OPEN", "STORED", "WAIT"]

LOCK = """
    SELECT wanted.id FROM unnest($1::uuid[], $2::bigint[]) AS wanted(id, key)
    WHERE pg_try_advisory_xact_lock_shared(wanted.key)
"""
WAIT = "SELECT pg_advisory_xact_lock_shared($1)"
OPEN = "SELECT id, opens_at, closes_at, freezes_at FROM waves WHERE id = ANY($1::uuid[]) AND state = 'open'"
# A row stands in one of the two tables: the mover takes it out of one and puts it into the other in one commit.
STORED = """
    WITH item AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS item(wave_id, submission_id))
    SELECT wave_id, submission_id, content_sha256, submitted_on, leaf
    FROM responses_staged JOIN item USING (wave_id, submission_id)
    UNION ALL
    SELECT wave_id, submission_id, content_sha256, submitted_on, leaf
    FROM responses JOIN item USING (wave_id, submission_id)
"""
MOVED = """
    SELECT wave_id, submission_id, content_sha256, submitted_on, leaf
    FROM unnest($1::uuid[], $2::uuid[]) AS item(wave_id, submission_id)
    JOIN responses USING (wave_id, submission_id)
"""
# The place decides between two of one id in one batch: the first is stored, the other meets a conflict.
INSERT = """
    INSERT INTO responses_staged (wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
        duration_seconds, enumerator_id, collected_on, submitted_on, attributes, burst, salt, leaf)
    SELECT item.wave_id, item.submission_id, item.content_sha256, item.answers::jsonb, item.disposition, item.mode,
        item.language, item.stratum, item.duration_seconds, item.enumerator_id, item.collected_on, item.submitted_on,
        item.attributes::jsonb, item.burst, item.salt, item.leaf
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::integer[], $10::text[], $11::date[], $12::date[], $13::text[], $14::boolean[], $15::bytea[],
            $16::bytea[], $17::timestamptz[])
        WITH ORDINALITY AS item(wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
            duration_seconds, enumerator_id, collected_on, submitted_on, attributes, burst, salt, leaf, collected_at,
            place)
    JOIN waves ON waves.id = item.wave_id AND waves.state = 'open' AND waves.opens_at <= $18
        AND CASE WHEN item.collected_at IS NULL THEN $18 < waves.closes_at
            ELSE $18 < waves.freezes_at AND item.collected_at BETWEEN waves.opens_at AND waves.closes_at END
    WHERE NOT EXISTS (SELECT FROM responses WHERE responses.wave_id = item.wave_id
        AND responses.submission_id = item.submission_id)
    ORDER BY item.wave_id, item.submission_id, item.place
    ON CONFLICT (wave_id, submission_id) DO NOTHING
    RETURNING wave_id, submission_id, content_sha256, submitted_on, leaf
"""
DELETE_DRAFTS = "DELETE FROM response_drafts WHERE id = ANY($1::bytea[])"
