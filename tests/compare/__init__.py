"""`make compare`: real clients of Exoscale against the sandbox, and what they miss there (docs/fidelity.md)."""
