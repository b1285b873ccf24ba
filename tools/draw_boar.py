"""Draw docs/boar.png, the README's picture: frame, prediction and error before, during and after the boar."""

from pathlib import Path

import vadkit
from vadkit import view

OUT = Path(__file__).resolve().parent.parent / "docs" / "boar.png"


def main():
    scene, boar = vadkit.boar_scene(), vadkit.the_boar()
    predictor = vadkit.build_predictor("unet", width=12, predicts="change")
    vadkit.fit(predictor, scene.train_windows(), steps=700, seed=0)
    predictions, psnr = view.predict_and_score(boar, predictor)
    middle = view.representative_frame(boar)
    figure, axes = view.subplots(3, 3, size=(7.2, 7.4))
    for row, (frame, when) in zip(axes, ((12, "before"), (middle, "the boar"), (len(boar) - 6, "after"))):
        truth, prediction = boar.frames[frame] / 255, predictions[frame - 4]
        row[0].imshow(truth, cmap="gray", vmin=0, vmax=1)
        row[1].imshow(prediction, cmap="gray", vmin=0, vmax=1)
        row[2].imshow(abs(truth - prediction), cmap=view.ERROR_MAP, vmin=0, vmax=view.ERROR_MAX)
        for ax, title in zip(row, (f"{when}: what came", f"predicted, {psnr[frame]:.1f} dB", "error")):
            ax.set(xticks=[], yticks=[], title=title)
    OUT.write_bytes(view.to_png(figure))


if __name__ == "__main__":
    main()
