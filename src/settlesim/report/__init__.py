"""What is shown of data: plots, tables, stories."""
