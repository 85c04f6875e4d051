"""What Exoscale holds, and who owns it. Only `ownership` decides about owners."""
