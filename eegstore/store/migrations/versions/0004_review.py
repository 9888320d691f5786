"""What a review station keeps: what was seen, by whom, and montages; an edit has one successor.

Reviews are raw: that somebody has looked at a second stays true. Montages are not: they are
tools that people change. They are no patient's either, so their key is their name; distributed,
the table is a reference table, a copy of its few rows on every shard, and joins nothing.

Of two that supersede one annotation the second is refused, by a unique index and not only by
looking first. Where an earlier version let two in, the index cannot be made and the upgrade says
which annotation it is; eegstore_archivist may remove one of the two.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REVIEW = """CREATE TABLE review (
    patient_id text NOT NULL,
    review_id uuid NOT NULL,
    recording_id text NOT NULL,
    author text,
    montage text NOT NULL,
    lff double precision,
    hff double precision,
    notch double precision,
    start_sec bigint[] NOT NULL,
    stop_sec bigint[] NOT NULL,
    reviewed_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT review_pkey PRIMARY KEY (patient_id, review_id),
    CONSTRAINT review_recording_fkey FOREIGN KEY (patient_id, recording_id)
        REFERENCES recording (patient_id, recording_id)
)"""

MONTAGE = """CREATE TABLE montage (
    name text NOT NULL,
    lines jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT montage_pkey PRIMARY KEY (name)
)"""

INDEXES = (
    "CREATE INDEX review_recording_idx ON review (patient_id, recording_id, reviewed_at)",
    "CREATE UNIQUE INDEX annotation_supersedes_idx ON annotation (patient_id, supersedes) "
    "WHERE supersedes IS NOT NULL",
)


def upgrade() -> None:
    for statement in (REVIEW, MONTAGE, *INDEXES):
        op.execute(statement)
    op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
    for suffix, when, level in (
        ("append_only", "UPDATE OR DELETE", "ROW"),
        ("append_only_truncate", "TRUNCATE", "STATEMENT"),
    ):
        name = f"review_{suffix}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON review "
            f"FOR EACH {level} EXECUTE FUNCTION eegstore_append_only('review')"
        )
        op.execute(f"ALTER TABLE review ENABLE ALWAYS TRIGGER {name}")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON review FROM eegstore_owner")
    op.execute("GRANT SELECT, INSERT ON review TO eegstore_app, eegstore_archivist")
    op.execute("GRANT UPDATE, DELETE ON review TO eegstore_archivist")
    op.execute("GRANT UPDATE (patient_id) ON review TO eegstore_owner")  # for its foreign key
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON montage TO eegstore_app")


def downgrade() -> None:
    raise NotImplementedError("raw data are not dropped by a migration")
