"""Pulumi's state of a stack."""
