"""Other engines, one package each, independent of each other and of the evaluator."""
