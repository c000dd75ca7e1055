"""What the papers leave open, and how PyTorch, optax, Keras and MLX fill the gaps: the one table.

The conventions page, its tests, the recorded runs and `identify` all read it. No rule stands here;
`optlib.forms` makes a rule of the book move by these conventions.
"""

from optlib.optimizers import AdaDelta, AdaGrad, Adam, AMSGrad, Lion, Momentum, RMSProp

CHOICES = {  # every convention: what it may be, and what that means
    "lr_place": {
        "outside": "outside: lr multiplies the sum, so a change of lr is felt at once",
        "inside": "inside: lr multiplies each gradient, so the sum keeps the old lr for a while",
    },
    "dampened": {
        "from step 1": "from step 1, as if lr were smaller",
        "from step 2": "from step 2: the first gradient counts whole",
    },
    "eps_place": {
        "beside v hat": "beside the corrected root",
        "beside v": "beside the uncorrected root",
        "inside v hat": "inside the corrected root",
        "inside v": "inside the uncorrected root",
    },
    "corrected": {
        "both": "both averages",
        "m only": "only the average of gradients, not that of squares",
        "v only": "only the average of squares, not that of gradients",
        "neither": "neither average",
    },
    "largest": {
        "then corrected": "of the largest v so far, corrected afterwards",
        "of corrected": "of the largest corrected v so far",
    },
    "decay": {
        "times lr": "decoupled: lr times weight_decay of x is taken away at each step",
        "not times lr": "decoupled, times the schedule but not times lr, as the paper has it",
        "times nothing": "decoupled from lr and schedule: the same share at every rate",
        "after": "of the point after the step, not of the one before",
        "L2": "coupled: weight_decay times x is added to the gradient",
    },
}

MISTAKES = {"corrected": ("m only", "v only"), "decay": ("times nothing", "after")}  # or rarities

_BESIDE_V, _INSIDE_V = {"eps_place": "beside v"}, {"eps_place": "inside v"}
_INSIDE = {"lr_place": "inside"}

LIBRARIES = {  # library and rule: the rule of the book, and what differs from its defaults
    "torch.SGD": (Momentum, {"momentum": 0.0, "dampened": "from step 2"}),
    "optax.sgd": (Momentum, {"momentum": 0.0}),
    "optax.ema": (Momentum, {}),
    "keras.SGD": (Momentum, {"momentum": 0.0, **_INSIDE}),
    "mlx.SGD": (Momentum, {"momentum": 0.0}),
    "torch.Adagrad": (AdaGrad, {}),
    "optax.adagrad": (AdaGrad, {"eps": 1e-7, "start": 0.1, **_INSIDE_V}),
    "keras.Adagrad": (AdaGrad, {"eps": 1e-7, "start": 0.1, **_INSIDE_V}),
    "mlx.Adagrad": (AdaGrad, {"eps": 1e-8}),
    "torch.RMSprop": (RMSProp, {}),
    "optax.rmsprop": (RMSProp, {"rho": 0.9, **_INSIDE_V, **_INSIDE}),
    "keras.RMSprop": (RMSProp, {"rho": 0.9, "eps": 1e-7, **_INSIDE_V, **_INSIDE}),
    "mlx.RMSprop": (RMSProp, {}),
    "torch.Adadelta": (AdaDelta, {}),
    "optax.adadelta": (AdaDelta, {}),
    "keras.Adadelta": (AdaDelta, {"rho": 0.95, "eps": 1e-7}),
    "torch.Adam": (Adam, {"decay": "L2"}),
    "optax.adam": (Adam, {}),
    "keras.Adam": (Adam, {"eps": 1e-7, **_BESIDE_V}),
    "mlx.Adam": (Adam, {"bias_correction": False}),
    "optax.amsgrad": (AMSGrad, {"largest": "of corrected"}),
    "torch.AdamW": (Adam, {"weight_decay": 0.01}),
    "optax.adamw": (Adam, {"weight_decay": 1e-4}),
    "optax.paper_adamw": (Adam, {"weight_decay": 1e-4, "decay": "not times lr"}),
    "keras.AdamW": (Adam, {"eps": 1e-7, "weight_decay": 4e-3, **_BESIDE_V}),
    "mlx.AdamW": (Adam, {"bias_correction": False, "weight_decay": 0.01}),
    "optax.lion": (Lion, {"weight_decay": 1e-3}),
    "keras.Lion": (Lion, {}),
    "mlx.Lion": (Lion, {}),
}
NAMES = {  # what the libraries call a hyperparameter: what it is called here
    "learning_rate": "lr", "alpha": "rho", "decay": "rho", "epsilon": "eps",
    "b1": "beta1", "beta_1": "beta1", "b2": "beta2", "beta_2": "beta2",
    "initial_accumulator_value": "start", "initial_scale": "start",
}  # fmt: skip
