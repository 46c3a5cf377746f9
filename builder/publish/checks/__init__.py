"""What must hold before the first byte is sent: the audit, the licences, the origin of the data, the validation."""
