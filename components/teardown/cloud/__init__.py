"""What Exoscale holds and whose it is. Whose a thing is, `ownership` alone decides."""
