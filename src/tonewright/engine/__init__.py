"""The heart: analyse, advise, render, verify."""
