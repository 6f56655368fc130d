"""Runs repeated: simulations, comparisons, sweeps, and how they are executed."""
