"""The tables, the roles, and what makes raw data append-only.

Plain tables, not partitioned: 16 hash partitions cost 10 % of a 10-s page, and a plain
table ends at 32 TB, two to three years of a hundred beds; beyond that the same schema is
distributed by ``patient_id``.

Two walls stand before raw data. Privileges: neither eegstore_app nor eegstore_owner may
UPDATE, DELETE or TRUNCATE. Triggers: they refuse even an owner who grants himself these,
and fire whatever ``session_replication_role`` says. They have one door: UPDATE and DELETE
by the role eegstore_archivist, each row of which is written to archivist_log.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RAW = ("recording", "closing", "chunk", "ingestion_log", "annotation", "original", "original_part")

TABLES = (
    """CREATE TABLE recording (
        patient_id text NOT NULL,
        recording_id text NOT NULL,
        study_id text,
        start_time timestamp without time zone,
        zone text,
        utc_offset integer,
        device text,
        sample_type text NOT NULL,
        channels jsonb NOT NULL,
        channels_sha256 bytea NOT NULL,
        declared_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT recording_pkey PRIMARY KEY (patient_id, recording_id)
    )""",
    """CREATE TABLE closing (
        patient_id text NOT NULL,
        recording_id text NOT NULL,
        n_seconds bigint NOT NULL,
        closed_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT closing_pkey PRIMARY KEY (patient_id, recording_id),
        CONSTRAINT closing_recording_fkey FOREIGN KEY (patient_id, recording_id)
            REFERENCES recording (patient_id, recording_id)
    )""",
    """CREATE TABLE chunk (
        patient_id text NOT NULL,
        recording_id text NOT NULL,
        second bigint NOT NULL,
        n_samples bigint NOT NULL,
        device_time timestamp with time zone,
        ingested_at timestamp with time zone NOT NULL DEFAULT now(),
        content_sha256 bytea NOT NULL,
        blob_sha256 bytea NOT NULL,
        envelope bytea NOT NULL,
        blob bytea STORAGE EXTERNAL NOT NULL,
        CONSTRAINT chunk_pkey PRIMARY KEY (patient_id, recording_id, second),
        CONSTRAINT chunk_recording_fkey FOREIGN KEY (patient_id, recording_id)
            REFERENCES recording (patient_id, recording_id),
        CONSTRAINT chunk_second_check CHECK (second >= 0),
        CONSTRAINT chunk_content_sha256_check CHECK (octet_length(content_sha256) = 32)
    )""",
    """CREATE TABLE ingestion_log (
        patient_id text NOT NULL,
        id bigint GENERATED ALWAYS AS IDENTITY,
        recording_id text NOT NULL,
        chunk_start_sec bigint NOT NULL,
        chunk_end_sec bigint NOT NULL,
        num_samples bigint NOT NULL,
        checksum bytea NOT NULL,
        outcome text NOT NULL,
        ingested_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT ingestion_log_pkey PRIMARY KEY (patient_id, id)
    )""",
    "CREATE INDEX ingestion_log_recording_idx ON ingestion_log (patient_id, recording_id, id)",
    """CREATE TABLE annotation (
        patient_id text NOT NULL,
        annotation_id uuid NOT NULL,
        recording_id text NOT NULL,
        onset double precision NOT NULL,
        duration double precision,
        description text NOT NULL,
        channels integer[] NOT NULL DEFAULT '{}',
        source text NOT NULL,
        status text NOT NULL,
        author text,
        supersedes uuid,
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT annotation_pkey PRIMARY KEY (patient_id, annotation_id),
        CONSTRAINT annotation_recording_fkey FOREIGN KEY (patient_id, recording_id)
            REFERENCES recording (patient_id, recording_id)
    )""",
    "CREATE INDEX annotation_recording_idx ON annotation (patient_id, recording_id, onset)",
    """CREATE TABLE original (
        patient_id text NOT NULL,
        recording_id text NOT NULL,
        file_name text NOT NULL,
        file_size bigint NOT NULL,
        file_sha256 bytea NOT NULL,
        n_records bigint NOT NULL,
        header bytea NOT NULL,
        trailing_bytes bytea STORAGE EXTERNAL NOT NULL,
        loss text,
        imported_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT original_pkey PRIMARY KEY (patient_id, recording_id),
        CONSTRAINT original_recording_fkey FOREIGN KEY (patient_id, recording_id)
            REFERENCES recording (patient_id, recording_id)
    )""",
    """CREATE TABLE original_part (
        patient_id text NOT NULL,
        recording_id text NOT NULL,
        first_record bigint NOT NULL,
        stop_record bigint NOT NULL,
        annotation_bytes bytea STORAGE EXTERNAL NOT NULL,
        CONSTRAINT original_part_pkey PRIMARY KEY (patient_id, recording_id, first_record),
        CONSTRAINT original_part_recording_fkey FOREIGN KEY (patient_id, recording_id)
            REFERENCES recording (patient_id, recording_id)
    )""",
    """CREATE TABLE identity (
        patient_id text NOT NULL,
        hospital_number text,
        name text,
        sex text,
        birth_date text,
        updated_at timestamp with time zone NOT NULL DEFAULT now(),
        CONSTRAINT identity_pkey PRIMARY KEY (patient_id)
    )""",
    """CREATE TABLE archivist_log (
        patient_id text NOT NULL,
        id bigint GENERATED ALWAYS AS IDENTITY,
        table_name text NOT NULL,
        operation text NOT NULL,
        old_row jsonb NOT NULL,
        role_behind text NOT NULL,
        happened_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT archivist_log_pkey PRIMARY KEY (patient_id, id)
    )""",
)

APPEND_ONLY = """CREATE FUNCTION eegstore_append_only() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    BEGIN
        IF current_user = 'eegstore_archivist' AND TG_LEVEL = 'ROW'
                AND TG_ARGV[0] <> 'archivist_log' THEN
            INSERT INTO archivist_log (patient_id, table_name, operation, old_row, role_behind)
            VALUES (OLD.patient_id, TG_ARGV[0], TG_OP,
                    to_jsonb(OLD) - 'blob' - 'trailing_bytes' - 'annotation_bytes', session_user);
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        RAISE EXCEPTION '% of % is refused: raw data are append-only', TG_OP, TG_ARGV[0]
            USING ERRCODE = 'restrict_violation';
    END $$"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute(APPEND_ONLY)
    # Distributed tables accept triggers only with this; elsewhere it is a placeholder.
    op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
    for table in (*RAW, "archivist_log"):
        name = f"{table}_append_only"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION eegstore_append_only('{table}')"
        )
        op.execute(
            f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION eegstore_append_only('{table}')"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}_truncate")
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM eegstore_owner")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO eegstore_app, eegstore_archivist")
    for table in RAW:
        op.execute(f"GRANT UPDATE, DELETE ON {table} TO eegstore_archivist")
    op.execute("REVOKE INSERT ON archivist_log FROM eegstore_app")
    # A foreign key locks rows as the owner, at one end on insert and at the other on delete,
    # which takes UPDATE on a column; the trigger refuses an actual update all the same.
    for table in RAW:
        if table != "ingestion_log":
            op.execute(f"GRANT UPDATE (patient_id) ON {table} TO eegstore_owner")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON identity TO eegstore_app")
    op.execute("GRANT SELECT ON alembic_version TO eegstore_app")


def downgrade() -> None:
    raise NotImplementedError("raw data are not dropped by a migration")
