"""What every service needs and no customer sees. No domain word belongs in here."""
