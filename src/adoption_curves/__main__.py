"""The same as the command ``adoption``."""

from adoption_curves import main

main()
