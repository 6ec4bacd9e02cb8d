"""Plans, journals and locks on disk: the only place that writes files. Files are 0600, folders 0700."""
