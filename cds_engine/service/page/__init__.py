"""The page to try a pack on: facts in, answer out, rendered by the server; a script only spares the reader clicks."""
