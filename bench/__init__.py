"""Claims of speed, measured."""
