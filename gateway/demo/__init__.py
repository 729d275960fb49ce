"""Pages that show the system at work, served by ForwardAuth's container as the documents are."""
