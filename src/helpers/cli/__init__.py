"""The commands, but for those that make runs (`helpers.__main__`), and how parameters are typed."""
