"""Sentences from the tables of a run and from forecasts: facts, words, statements, and the record."""
