"""The program's settings: read from the stack's configuration and checked before the first resource."""
