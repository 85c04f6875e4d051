"""The program's settings: read from the stack's configuration, checked before the first resource. The library reads none."""
