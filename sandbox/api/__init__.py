"""The HTTP API of the simulated cloud: one module per resource family, named after Exoscale's noun."""
