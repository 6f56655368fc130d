"""The two interpreters of a protocol, what a block of runs leaves behind, and their comparison."""
