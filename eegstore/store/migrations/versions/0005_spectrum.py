"""Spectral bins, which can be made again at any time and so are not raw.

As with the roll-ups of 0003: a row stays true while the seconds that it speaks for stay what they
are, and what opens the archivist's door removes the rows of each second that goes through it.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = """CREATE TABLE summary_spectrum (
    patient_id text NOT NULL,
    recording_id text NOT NULL,
    start bigint NOT NULL,
    processing text NOT NULL,
    n_seconds bigint NOT NULL,
    missing_start bigint[] NOT NULL,
    missing_stop bigint[] NOT NULL,
    bins bytea STORAGE EXTERNAL NOT NULL,
    minutes bytea STORAGE EXTERNAL NOT NULL,
    built_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT summary_spectrum_pkey PRIMARY KEY (patient_id, recording_id, start)
)"""

# As in 0003, and a row of bins is an hour: `eegstore.signal.spectral`.
FORGET = """CREATE OR REPLACE FUNCTION eegstore_forget_summary(
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
        DELETE FROM summary_spectrum
        WHERE patient_id = in_patient_id AND recording_id = in_recording_id
          AND start = in_second / 3600 * 3600;
    END $$"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(FORGET)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON summary_spectrum TO eegstore_app")
    op.execute("GRANT SELECT, DELETE ON summary_spectrum TO eegstore_archivist")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only")
