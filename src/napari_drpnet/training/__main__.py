"""Train the shipped weights: ``python -m napari_drpnet.training STRUCTURES FOLDER``."""

import argparse
from pathlib import Path

from napari_drpnet.training.fit import ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.recipe import train_weights


def main() -> None:
    """Run the recipe with its default settings."""
    parser = argparse.ArgumentParser(prog="napari_drpnet.training", description=__doc__)
    parser.add_argument("structures", type=Path, help="folder with the PDB entries of the recipe")
    parser.add_argument("folder", type=Path, help="where the weights go")
    arguments = parser.parse_args()
    train_weights(arguments.structures, arguments.folder, DetectorRecipe(), ClassifierRecipe())


if __name__ == "__main__":
    main()
