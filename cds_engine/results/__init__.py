"""What an evaluation returns, and the words for it."""
