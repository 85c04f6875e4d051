"""What the cloud controller manager and the storage controller are made of: both run as threads, and can be killed."""
