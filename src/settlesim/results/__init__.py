"""What is collected from runs: outcomes, labelled data, files."""
