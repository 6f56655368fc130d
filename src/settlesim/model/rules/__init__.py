"""The rules of the model, one file a mechanism."""
