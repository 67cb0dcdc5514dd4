"""Sentences, from the tables of a run and from forecasts: plain words, findings, statements, the next figure."""
