"""Sentences from the tables of a run and from forecasts: facts, words, and the register."""
