"""The notifications service: each user's inbox, mails and live messages, made of what other services publish."""
