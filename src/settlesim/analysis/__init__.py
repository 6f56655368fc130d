"""Pure functions from the Dataset of an experiment to the Dataset of an answer."""
