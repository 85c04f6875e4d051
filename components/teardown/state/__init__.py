"""What Pulumi remembers of a stack."""
