"""Every read of this feature: `bank`, `rounds`, `attempts`."""
