"""The numpy engine: a protocol over arrays of shape (entity, run)."""

from settlesim.engines.vectorised.batch import batch_key, run_batch
from settlesim.engines.vectorised.engine import run

__all__ = ["batch_key", "run", "run_batch"]
