"""The command line and the interactive view."""
