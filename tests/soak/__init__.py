"""The randomised run: random stacks, users and faults, each destroyed in our way and in the classic one.

Not collected by pytest: `make soak N=200 SEED=1`.
"""
