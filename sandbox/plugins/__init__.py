"""Stand-ins for the Pulumi provider plugins, attached to the real engine with PULUMI_DEBUG_PROVIDERS."""
