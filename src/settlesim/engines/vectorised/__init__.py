"""The numpy engine: a protocol over arrays of shape (entity, run)."""
