"""What users are, whatever stores or shows them."""
