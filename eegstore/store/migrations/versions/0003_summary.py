"""Roll-ups of envelopes, which can be made again at any time and so are not raw.

A roll-up stays true while the seconds that it speaks for stay what they are. Only
eegstore_archivist can change that, so what opens that door removes the roll-ups of each
second that goes through it, and keeps roll-ups from being made until it is through: they
take the recording's advisory lock shared, it takes it alone. The lock helps only who then
looks anew, therefore chunks are archived in READ COMMITTED.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = """CREATE TABLE summary_envelope (
    patient_id text NOT NULL,
    recording_id text NOT NULL,
    bucket bigint NOT NULL,
    start bigint NOT NULL,
    n_seconds bigint NOT NULL,
    n_samples bigint NOT NULL,
    stored_bytes bigint NOT NULL,
    missing_start bigint[] NOT NULL,
    missing_stop bigint[] NOT NULL,
    envelope bytea STORAGE EXTERNAL NOT NULL,
    built_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT summary_envelope_pkey PRIMARY KEY (patient_id, recording_id, bucket, start)
)"""

# A row is 360 buckets of 10, 60 or 600 s: `eegstore.signal.rollup`. Equality on the whole key,
# because rows that this transaction has removed already are met again and again.
FORGET = """CREATE FUNCTION eegstore_forget_summary(
        in_patient_id text, in_recording_id text, in_second bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'chunks are changed in READ COMMITTED, not in %',
                current_setting('transaction_isolation')
                USING ERRCODE = 'invalid_transaction_state';
        END IF;
        PERFORM pg_advisory_xact_lock(
            hashtextextended(in_patient_id || '/' || in_recording_id, 0));
        DELETE FROM summary_envelope
        WHERE patient_id = in_patient_id AND recording_id = in_recording_id
          AND (bucket = 10 AND start = in_second / 3600 * 3600
               OR bucket = 60 AND start = in_second / 21600 * 21600
               OR bucket = 600 AND start = in_second / 216000 * 216000);
    END $$"""

# As in 0001, and of a chunk it forgets the roll-ups. Where an updated one goes, none speaks of
# it yet.
APPEND_ONLY = """CREATE OR REPLACE FUNCTION eegstore_append_only() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    BEGIN
        IF current_user = 'eegstore_archivist' AND TG_LEVEL = 'ROW'
                AND TG_ARGV[0] <> 'archivist_log' THEN
            INSERT INTO archivist_log (patient_id, table_name, operation, old_row, role_behind)
            VALUES (OLD.patient_id, TG_ARGV[0], TG_OP,
                    to_jsonb(OLD) - 'blob' - 'trailing_bytes' - 'annotation_bytes', session_user);
            IF TG_ARGV[0] = 'chunk' THEN
                PERFORM eegstore_forget_summary(OLD.patient_id, OLD.recording_id, OLD.second);
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        RAISE EXCEPTION '% of % is refused: raw data are append-only', TG_OP, TG_ARGV[0]
            USING ERRCODE = 'restrict_violation';
    END $$"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(FORGET)
    op.execute(APPEND_ONLY)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON summary_envelope TO eegstore_app")
    op.execute("GRANT SELECT, DELETE ON summary_envelope TO eegstore_archivist")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only")
