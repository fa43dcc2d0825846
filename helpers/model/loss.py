"""The mixture density that the decoder's numbers stand for, and what a drawing costs under it."""

import keras
import numpy as np
from keras import ops

from helpers.sketch.stroke5 import DOWN, END

LOG_2PI = float(np.log(2 * np.pi))
# Offsets are whole pixels, a thirtieth of a unit or so. A Gaussian much narrower than a pixel would be paid for
# guessing the rounding, not the drawing.
SIGMA_MIN = 0.01
MEMORY = 0.98  # of the running second moment of z, a batch
RHO_MAX = 0.95  # keeps 1 - rho^2, a divisor, away from 0


class MeanLoss(keras.losses.Loss):
    """Per-drawing values to their mean; Keras's base class divides by the replicas, as tf.distribute needs."""

    def call(self, y_true, y_pred):
        return y_pred


class AggregatedPosterior(keras.metrics.Metric):
    """How far the z of all drawings together lie from the prior, and what each drawing pays for it.

    A low weight of the KL term lets z tell much of a drawing, but also lets all z together drift from the prior, so
    that what the prior draws is not what people draw. The KL term is the information in z and the distance of the
    aggregated posterior from the prior; this weighs the second part on its own, by |S - I|^2 / 4, which for a Gaussian
    is its KL divergence to second order. S is the second moment of z about the prior's centres: an average that
    forgets, begun with the prior's own at every checkpoint, so that a resumed run goes on as an uninterrupted one.

    Parameters
    ----------
    size : int
        Z, dimensions of z.
    weight : float
        Of a nat of it, in nats a drawing.

    References
    ----------
    Hoffman and Johnson, ELBO surgery (2016); Zhao et al., InfoVAE, arXiv 1706.02262; Kumar et al., DIP-VAE, arXiv
    1711.00848.
    """

    def __init__(self, size: int, weight: float):
        super().__init__("float32", "aggregate")
        self.weight = weight
        self.moment = self.add_variable((size, size), "identity", name="moment")

    def reset_state(self):
        self.moment.assign(ops.eye(self.moment.shape[0]))

    def update_state(self, mean, variance):
        """Takes in a batch: `mean`, from its prior's centre, and `variance` of each drawing's z, both (B, Z)."""
        batch = ops.matmul(ops.transpose(mean), mean) / ops.cast(ops.shape(mean)[0], "float32")
        batch = batch + ops.diag(ops.mean(variance, axis=0))
        self.moment.assign(MEMORY * self.moment + (1 - MEMORY) * ops.stop_gradient(batch))

    def result(self):
        """|S - I|^2 / 4, nats."""
        return ops.sum((self.moment - ops.eye(self.moment.shape[0])) ** 2) / 4

    def penalty(self, mean, variance):
        """(B,), whose mean's gradient is that of the weighted |S - I|^2 / 4."""
        excess = ops.stop_gradient(self.moment - ops.eye(self.moment.shape[0]))
        own = ops.sum(ops.matmul(mean, excess) * mean, axis=-1) + ops.matmul(variance, ops.diag(excess))
        return self.weight / 2 * own


def mixture(parameters):
    """The decoder's numbers as a mixture of bivariate Gaussians and the probabilities of the pen's states.

    Parameters
    ----------
    parameters : tensor
        (..., 6M + 3), M components.

    Returns
    -------
    log_pi : tensor
        (..., M), the logarithms of the components' weights.
    mu, sigma : tensor
        (..., M, 2), their means and standard deviations; sigma is kept above 0.
    rho : tensor
        (..., M), their correlations, kept from -1 and 1.
    log_pen : tensor
        (..., 3), the logarithms of the pen states' probabilities: down, up, end.

    References
    ----------
    Ha and Eck, A Neural Representation of Sketch Drawings, arXiv 1704.03477, equations 3 to 6.
    """
    parts = ops.split(parameters[..., :-3], 6, axis=-1)
    log_pi = ops.log_softmax(parts[0], axis=-1)
    mu = ops.stack(parts[1:3], axis=-1)
    sigma = SIGMA_MIN + ops.exp(ops.minimum(ops.stack(parts[3:5], axis=-1), 5.0))
    rho = RHO_MAX * ops.tanh(parts[5])
    return log_pi, mu, sigma, rho, ops.log_softmax(parameters[..., -3:], axis=-1)


def reconstruction_loss(target, parameters, prefix):
    """What drawings cost under the mixture: their negative log-likelihood, summed over their points.

    Offsets (by log-sum-exp) count at the real points, pen states at those and at the end that follows them: where to
    stop has to be learned too.

    Parameters
    ----------
    target : tensor
        (B, T, 5), stroke-5.
    parameters : tensor
        (B, T, 6M + 3), what the decoder gives for each row, see `mixture`.
    prefix : tensor
        (B,), how many of the first rows are given and do not count.

    Returns
    -------
    tensor
        (B,), nats.

    References
    ----------
    Ha and Eck, A Neural Representation of Sketch Drawings, arXiv 1704.03477, equation 9.
    """
    log_pi, mu, sigma, rho, log_pen = mixture(parameters)
    deviation = (target[..., None, :2] - mu) / sigma
    dx, dy = deviation[..., 0], deviation[..., 1]
    free = 1 - rho**2
    distance = (dx**2 + dy**2 - 2 * rho * dx * dy) / free
    log_normal = -0.5 * distance - LOG_2PI - ops.sum(ops.log(sigma), axis=-1) - 0.5 * ops.log(free)
    offsets = -ops.logsumexp(log_pi + log_normal, axis=-1)
    pen = -ops.sum(target[..., DOWN:] * log_pen, axis=-1)
    real = 1 - target[..., END]
    real_and_end = ops.concatenate([ops.ones_like(real[:, :1]), real[:, :-1]], axis=1)
    asked = ops.cast(ops.arange(ops.shape(target)[1])[None] >= ops.cast(prefix, "int32")[:, None], "float32")
    return ops.sum(asked * (offsets * real + pen * real_and_end), axis=-1)
