"""Every write of this feature: `bank`, `rounds`, `attempts`, `saving`, `history`."""
