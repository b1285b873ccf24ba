"""Plot docs/boar.png for the README: frame, prediction and error before, during and after the boar.

python tools/plot_boar.py
"""

from pathlib import Path

import vadkit
from vadkit import view
from vadkit.windows import N_INPUTS

OUT = Path(__file__).resolve().parent.parent / "docs" / "boar.png"


def main():
    scene, boar = vadkit.boar_scene(), vadkit.the_boar()
    predictor = vadkit.build_predictor("unet", width=12, predicts="change")
    vadkit.fit(predictor, scene.train_windows(), steps=700, seed=0)
    predictions, psnr = view.predict_and_score(boar, predictor)
    moments = {"before": 12, "the boar": view.representative_frame(boar), "after": len(boar) - 6}
    figure, axes = view.subplots(3, 3, size=(7.2, 7.4))
    for row, (moment, frame) in zip(axes, moments.items()):
        truth, prediction = boar.frames[frame] / 255, predictions[frame - N_INPUTS]
        row[0].imshow(truth, cmap="gray", vmin=0, vmax=1)
        row[0].set_title(f"{moment}: what came")
        row[1].imshow(prediction, cmap="gray", vmin=0, vmax=1)
        row[1].set_title(f"predicted, {psnr[frame]:.1f} dB")
        error = abs(truth - prediction)
        row[2].imshow(error, cmap=view.ERROR_MAP, vmin=0, vmax=view.ERROR_MAX)
        row[2].set_title("error")
        for ax in row:
            ax.set(xticks=[], yticks=[])
    OUT.write_bytes(view.to_png(figure))


if __name__ == "__main__":
    main()
