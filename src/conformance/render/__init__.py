"""Forms in which a report is shown."""
