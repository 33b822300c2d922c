"""The parts of the `guest` command: one module for each noun."""
