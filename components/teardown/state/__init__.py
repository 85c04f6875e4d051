"""Reads and edits Pulumi's states of a stack."""
