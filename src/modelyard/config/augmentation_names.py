"""Keras' layers that augment images, and their arguments; a test compares them with Keras."""

from collections.abc import Mapping

AUGMENTATION: Mapping[str, tuple[str, ...]] = {
    "AutoContrast": (),
    "ContrastLimitedAdaptiveHistogramEqualization": ("clip_limit", "tile_grid_size"),
    "Equalization": ("bins",),
    "RandAugment": ("num_ops", "factor", "interpolation"),
    "RandomBrightness": ("factor",),
    "RandomColorDegeneration": ("factor",),
    "RandomColorJitter": (
        "brightness_factor", "contrast_factor", "saturation_factor", "hue_factor",
    ),
    "RandomContrast": ("factor",),
    "RandomElasticTransform": ("factor", "scale", "interpolation", "fill_mode", "fill_value"),
    "RandomErasing": ("factor", "scale", "fill_value"),
    "RandomFlip": ("mode",),
    "RandomGaussianBlur": ("factor", "kernel_size", "sigma"),
    "RandomGrayscale": ("factor",),
    "RandomHue": ("factor",),
    "RandomInvert": ("factor",),
    "RandomPerspective": ("factor", "scale", "interpolation", "fill_value"),
    "RandomPosterization": ("factor",),
    "RandomRotation": ("factor", "fill_mode", "interpolation", "fill_value"),
    "RandomSaturation": ("factor",),
    "RandomSharpness": ("factor",),
    "RandomShear": ("x_factor", "y_factor", "interpolation", "fill_mode", "fill_value"),
    "RandomTranslation": (
        "height_factor", "width_factor", "fill_mode", "interpolation", "fill_value",
    ),
    "RandomZoom": ("height_factor", "width_factor", "fill_mode", "interpolation", "fill_value"),
    "Solarization": ("addition_factor", "threshold_factor"),
}  # fmt: skip
"""Layers that augment images, with the arguments that a configuration may give them."""

AUGMENTATION_NEEDS: Mapping[str, tuple[str, ...]] = {
    "RandomBrightness": ("factor",),
    "RandomColorDegeneration": ("factor",),
    "RandomContrast": ("factor",),
    "RandomHue": ("factor",),
    "RandomPosterization": ("factor",),
    "RandomRotation": ("factor",),
    "RandomSaturation": ("factor",),
    "RandomSharpness": ("factor",),
    "RandomTranslation": ("height_factor", "width_factor"),
    "RandomZoom": ("height_factor",),
}
"""Arguments without a default."""

AUGMENTATION_CHOICES: Mapping[str, tuple[str, ...]] = {
    "fill_mode": ("constant", "nearest", "reflect", "wrap"),
    "interpolation": ("bilinear", "nearest"),
    "mode": ("horizontal", "horizontal_and_vertical", "vertical"),
}
"""What these arguments may be; Keras ignores another mode of RandomFlip in silence."""

AUGMENTATION_MANAGED = ("bounding_box_format", "data_format", "dtype", "seed", "value_range")
"""Arguments of these layers that are set for them: the seed is params.seed, pixels are 0 to 255."""

_MIXES = "mixes the labels of two images; mix images and targets in `augment` of the model's module"
_RESIZES = "changes the images' size; set data.image_size, or use RandomZoom or RandomTranslation"
NO_AUGMENTATION: Mapping[str, str] = {
    "AugMix": "chooses its operations once per process and not per batch; use RandAugment",
    "CenterCrop": _RESIZES,
    "CutMix": _MIXES,
    "MaxNumBoundingBoxes": "changes how many objects an image has; remove it",
    "MixUp": _MIXES,
    "RandomCrop": _RESIZES,
    "Resizing": _RESIZES,
}
"""Preprocessing layers that cannot be used as augmentation, and why."""

AUGMENTATION_MOVES = (
    "RandomFlip", "RandomPerspective", "RandomRotation", "RandomShear", "RandomTranslation",
    "RandomZoom",
)  # fmt: skip
"""Layers that move pixels, and boxes and masks with them."""

NO_OBJECTS: Mapping[str, str] = {
    "RandAugment": "moves boxes in another order than pixels; list the layers you need",
    "RandomElasticTransform": "moves pixels but not boxes; use RandomShear or RandomPerspective",
}
"""Layers that cannot be used where there are boxes, and why."""
