"""The worker of notifications: it hears what the others publish, and sends mails."""
