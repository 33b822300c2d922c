# Generated from _async/__init__.py by `generate`; do not edit.
"""The asynchronous classes: the source of the synchronous ones."""
