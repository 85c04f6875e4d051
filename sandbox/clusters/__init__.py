"""Real Kubernetes control planes for the simulated SKS clusters. Imports nothing: the reaper wants one small module."""
