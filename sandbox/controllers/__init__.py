"""The base of cloud controller manager and storage controller: both run as threads, and can be killed."""
