"""The randomised run: random stacks, users and faults, each destroyed by this program and in the classic way.

Not collected by pytest: `make soak N=200 SEED=1`.
"""
