"""The families as models: each joins a curve of `shapes` with `AdoptionCurve`, and says when it degenerates."""

from helpers.curves import shapes
from helpers.curves.model import AdoptionCurve


class Logistic(AdoptionCurve):
    """Logistic."""

    shape = shapes.LogisticShape


class Gompertz(AdoptionCurve):
    """Gompertz."""

    shape = shapes.GompertzShape


class Bass(AdoptionCurve):
    """Bass."""

    shape = shapes.BassShape


class Exponential(AdoptionCurve):
    """Exponential."""

    shape = shapes.ExponentialShape


class Weibull(AdoptionCurve):
    """Weibull."""

    shape = shapes.WeibullShape


class Richards(AdoptionCurve):
    """Richards."""

    shape = shapes.RichardsShape


class GammaGompertz(AdoptionCurve):
    """GammaGompertz."""

    shape = shapes.GammaGompertzShape


FAMILIES = {
    model.shape.name: model for model in (Logistic, Gompertz, Bass, Exponential, Weibull, Richards, GammaGompertz)
}
