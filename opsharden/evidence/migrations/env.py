"""Alembic's entry: run the steps on the connection, and in the transaction, that `schema.upgrade` hands over."""

from alembic import context

from opsharden.evidence.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
)
with context.begin_transaction():
    context.run_migrations()
