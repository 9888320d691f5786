"""Codec parameters: what the blobs of a recording share, and name by digest.

They are raw: without them no blob that names them can be read.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = """CREATE TABLE codec_parameters (
    patient_id text NOT NULL,
    parameters_sha256 bytea NOT NULL,
    recording_id text NOT NULL,
    parameters bytea STORAGE EXTERNAL NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT codec_parameters_pkey PRIMARY KEY (patient_id, parameters_sha256),
    CONSTRAINT codec_parameters_parameters_sha256_check
        CHECK (parameters_sha256 = sha256(parameters))
)"""

INDEX = """CREATE INDEX codec_parameters_recording_idx
    ON codec_parameters (patient_id, recording_id, created_at)"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(INDEX)
    op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
    for suffix, when, level in (
        ("append_only", "UPDATE OR DELETE", "ROW"),
        ("append_only_truncate", "TRUNCATE", "STATEMENT"),
    ):
        name = f"codec_parameters_{suffix}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON codec_parameters "
            f"FOR EACH {level} EXECUTE FUNCTION eegstore_append_only('codec_parameters')"
        )
        op.execute(f"ALTER TABLE codec_parameters ENABLE ALWAYS TRIGGER {name}")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON codec_parameters FROM eegstore_owner")
    op.execute("GRANT SELECT, INSERT ON codec_parameters TO eegstore_app, eegstore_archivist")
    op.execute("GRANT UPDATE, DELETE ON codec_parameters TO eegstore_archivist")


def downgrade() -> None:
    raise NotImplementedError("raw data are not dropped by a migration")
