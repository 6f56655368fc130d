"""What is drawn before the first week: worlds (parameters) and fates (luck)."""
