"""What all rooms share, knowing none of them: dates, levels, files and folders, numbers and words."""
