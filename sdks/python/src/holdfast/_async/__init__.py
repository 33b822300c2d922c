"""The asynchronous classes: the source of the synchronous ones."""
