"""Writes images.csv: 150 made-up images of two pixels, of three kinds that overlap a little.

    python docs/data/make_images.py > docs/data/images.csv

The pixels are normally distributed around a centre for each kind (the Box-Muller transform of
random.random, whose sequence for a seed Python guarantees), so that the same file comes out everywhere.
"""

from math import cos, log, pi, sqrt
from random import Random

CENTRES = {"bird": (0.9, 0.2), "car": (0.2, 0.8), "frog": (0.3, 0.1)}
SPREAD = 0.15
EACH = 50


def rows(seed=231):
    """The heading and the images, in an order that mixes the kinds."""
    dice = Random(seed)  # noqa: S311 (a data set, not a secret)

    def normal():
        return sqrt(-2 * log(1 - dice.random())) * cos(2 * pi * dice.random())

    yield "pixel_1,pixel_2,label"
    for _ in range(EACH):
        for label, centre in CENTRES.items():
            yield ",".join([*(f"{middle + SPREAD * normal():.2f}" for middle in centre), label])


if __name__ == "__main__":
    print("\n".join(rows()))
