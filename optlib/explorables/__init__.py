"""Live figures: widgets in Jupyter, and the same figures in a page without a kernel.

>>> from optlib.explorables import StepSize
>>> figure = StepSize(lr=0.1)
>>> figure.numbers["factor, steep direction"]
0.0
>>> figure.lr = 0.182
>>> figure.hits
[True, False]
"""

from optlib.explorables.adam_meter import AdamMeter
from optlib.explorables.base import Explorable
from optlib.explorables.bias_correction import BiasCorrection
from optlib.explorables.cooldown import Cooldown
from optlib.explorables.counterexample import Counterexample
from optlib.explorables.momentum_plane import MomentumPlane
from optlib.explorables.playground import Playground
from optlib.explorables.rotated_bowl import RotatedBowl
from optlib.explorables.scale_jump import ScaleJump
from optlib.explorables.separation import Separation
from optlib.explorables.step_size import StepSize
from optlib.explorables.workbench import Workbench
