"""From what was heard and what is wanted to a recipe. Pure: the same facts and intent give the same recipe."""
