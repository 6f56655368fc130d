"""What a modeller declares: a conflict, its priors, its sequences, and the files they stand in."""
