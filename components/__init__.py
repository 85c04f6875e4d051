"""What a platform engineer would reuse: one component resource per file, named after its noun.

Nothing here reads configuration or the stack's name; everything comes in through the arguments.
"""
