"""Two seconds a page: rows of the chunk table stay whole while two of them fit 8 kB.

PostgreSQL moves the blob of a row of more than 2 kB out of line, in pieces of 2 kB, four a page.
A second of 23 channels is 3.4 kB, so it came to half a page there as well, and to a row, two
entries of another index and two further reads besides. Measured on an hour of it: table and
index 0.93 of the size, reading 10 and 60 blobs 0.81 and 0.67 of the time, import 0.97, log of the
server 0.93; reading the envelopes alone takes 1.5 times as long, which is what roll-ups are for.

Of other sizes, 2,000 rows each: 0.89 for blobs of 2.2 to 2.4 kB, 1.1 to 1.3 for 2.5 to 3.0 kB,
of which pieces fill a page better, 0.93 for 3.1 to 3.7 kB. Larger ones stay out of line. Pages of
the index are filled, since seconds come in their order and none is ever changed. Rows and pages
that are there already stay as they are.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE chunk SET (toast_tuple_target = 4080)")
    op.execute("ALTER INDEX chunk_pkey SET (fillfactor = 100)")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only")
