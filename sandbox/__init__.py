"""A simulated Exoscale on this machine: the HTTP API, real control planes, the CCM and the plugin stand-ins."""
