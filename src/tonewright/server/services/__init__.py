"""Use cases: an actor and rows in, rows out; errors of the tree. No HTTP here, and no SQL text."""
