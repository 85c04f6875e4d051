"""Runs the stacks of this checkout's program on the sandbox, with stand-ins for plugins and charts."""
