"""Exoscale's resources and their owners. `ownership` alone decides whose a resource is."""
