"""Foundations of all rooms, which import none of them: dates, levels, files and folders, numbers and words."""
