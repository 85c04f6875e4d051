"""The resources on Exoscale and their owners. Only `ownership` decides about owners."""
