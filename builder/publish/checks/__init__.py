"""The gates that a version must pass before an upload: audit, licences, simulated data, validation."""
