"""The commands, but for those that make runs (`adoption_curves.__main__`), and how parameters are typed."""
