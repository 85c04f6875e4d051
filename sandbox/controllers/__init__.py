"""The common parts of the cloud controller manager and the storage controller: threads that can be killed."""
