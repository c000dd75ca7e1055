"""Write the data files of optlib/datasets/data, from the public packages that carry the originals.

Usage: python tools/export_data.py, after pip install plotnine==0.15.9 scikit-learn==1.9.1. The book
never needs those two; optlib/datasets/data/README.md tells where the data come from.
"""

from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[1] / "optlib" / "datasets" / "data"
GRADES = {  # worst to best, stored as 0, 1, ...
    "cut": ("Fair", "Good", "Very Good", "Premium", "Ideal"),
    "color": tuple("JIHGFED"),
    "clarity": ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"),
}


def export_digits():
    """All 1797 images, 64 pixels 0 ... 16 each, and their labels."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    np.savez_compressed(DATA / "digits.npz", X=X.astype(np.uint8), y=y.astype(np.uint8))


def export_diamonds(rows=10_000, seed=0):
    """A random excerpt, in random order, of the diamonds whose sizes lie between 0 and 20 mm."""
    from plotnine.data import diamonds

    sizes = diamonds[["x", "y", "z"]].to_numpy()
    plausible = diamonds[((sizes > 0) & (sizes < 20)).all(axis=1)]
    keep = np.random.default_rng(seed).choice(len(plausible), rows, replace=False)
    columns = {name: column.to_numpy() for name, column in plausible.iloc[keep].items()}
    for name, grades in GRADES.items():
        columns[name] = np.array([grades.index(grade) for grade in columns[name]], np.uint8)
    np.savez_compressed(DATA / "diamonds.npz", **columns)


if __name__ == "__main__":
    export_digits()
    export_diamonds()
