"""Runs the program of this checkout on the sandbox: its stacks, with the stand-ins of plugins and charts attached."""
