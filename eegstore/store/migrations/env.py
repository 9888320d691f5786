"""Runs the migrations on the connection that `eegstore.store.schema` hands over."""

from alembic import context

from eegstore.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
