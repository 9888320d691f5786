"""Schema migrations, run by `eegstore.store.schema`."""
