"""Text from the tables of a run: headline, deck, rows of the fact sheet, and registered forecasts."""
