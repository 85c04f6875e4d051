"""What is asked of a cluster's own API server, and done there."""
