"""The condition language: tokens, grammar, syntax nodes, printing."""
