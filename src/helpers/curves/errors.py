"""The one kind of error that data or arguments of a curve can raise."""


class CurveError(ValueError):
    """The data or the arguments cannot be fitted; the message says what is wrong and what would be right."""
