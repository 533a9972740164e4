"""The bundled clip is what the generator renders."""

from __future__ import annotations

import av
import numpy as np

from hackai_standalone.clip.render import FPS, HEIGHT, IGNITION_S, SECONDS, WIDTH, fire_size, frames
from hackai_standalone.clip.turbulence import fractal_noise
from hackai_standalone.locations import BUNDLED_CLIP


def test_noise_repeats_without_a_seam() -> None:
    noise = fractal_noise(np.random.default_rng(1), 90, 160, cells=4)
    step = np.abs(np.diff(noise, axis=0)).max()

    assert noise.min() == 0
    assert noise.max() == 1
    assert np.abs(noise[0] - noise[-1]).max() <= 1.5 * step


def test_nothing_burns_before_the_ignition_and_the_fire_grows() -> None:
    assert fire_size(IGNITION_S - 0.01) == 0
    sizes = [fire_size(IGNITION_S + seconds) for seconds in range(10)]
    assert sizes == sorted(sizes)
    assert sizes[0] > 0


def test_the_bundled_file_shows_the_rendered_frames() -> None:
    with av.open(str(BUNDLED_CLIP)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(shown) == FPS * SECONDS
    assert shown[0].shape == (HEIGHT, WIDTH, 3)

    for number, rendered in zip(range(3), frames(), strict=False):
        assert np.abs(shown[number].astype(int) - rendered.astype(int)).mean() < 6
