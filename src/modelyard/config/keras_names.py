"""Names and arguments of Keras, known without TensorFlow: `check` refuses a typing error at once.

A test compares them with the installed Keras.
"""

SHARED = (
    "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name",
)  # fmt: skip
OPTIMIZERS: dict[str, tuple[str, ...]] = {  # each by its arguments, besides those of all
    "adadelta": ("rho", "epsilon"),
    "adafactor": ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step"),
    "adagrad": ("initial_accumulator_value", "epsilon"),
    "adam": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    "adamax": ("beta_1", "beta_2", "epsilon"),
    "adamw": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    "ftrl": (
        "learning_rate_power", "initial_accumulator_value", "l1_regularization_strength",
        "l2_regularization_strength", "l2_shrinkage_regularization_strength", "beta",
    ),
    "lamb": ("beta_1", "beta_2", "epsilon"),
    "lion": ("beta_1", "beta_2"),
    "muon": (
        "adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "exclude_layers",
        "exclude_embeddings", "muon_a", "muon_b", "muon_c", "adam_lr_ratio", "momentum", "ns_steps",
        "nesterov", "rms_rate",
    ),
    "nadam": ("beta_1", "beta_2", "epsilon"),
    "rmsprop": ("rho", "momentum", "epsilon", "centered"),
    "schedulefreeadamw": ("beta_1", "beta_2", "epsilon", "warmup_steps"),
    "sgd": ("momentum", "nesterov"),
}  # fmt: skip
ARGUMENT_FLAGS = (
    "amsgrad",
    "centered",
    "exclude_embeddings",
    "nesterov",
    "relative_step",
)  # fmt: skip  (of optimizers; all other arguments are numbers)
ARGUMENT_LISTS = ("exclude_layers",)
LOSSES = (
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "categorical_hinge", "circle", "cosine_similarity", "ctc",
    "dice", "hinge", "huber", "kl_divergence", "log_cosh", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
    "poisson", "sparse_categorical_crossentropy", "squared_hinge", "tversky", "bce", "kld", "mae",
    "mape", "mse", "msle",
)  # fmt: skip
METRICS = (
    "accuracy", "auc", "bce", "binary_accuracy", "binary_crossentropy", "binary_io_u",
    "categorical_accuracy", "categorical_crossentropy", "categorical_hinge",
    "concordance_correlation", "cosine_similarity", "f1_score", "f_beta_score", "false_negatives",
    "false_positives", "hinge", "io_u", "kl_divergence", "log_cosh_error", "mae", "mape", "mean",
    "mean_absolute_error", "mean_absolute_percentage_error", "mean_io_u", "mean_squared_error",
    "mean_squared_logarithmic_error", "mse", "msle", "one_hot_io_u", "one_hot_mean_io_u",
    "pearson_correlation", "poisson", "precision", "precision_at_recall", "r2_score", "recall",
    "recall_at_precision", "root_mean_squared_error", "sensitivity_at_specificity",
    "sparse_categorical_accuracy", "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy", "specificity_at_sensitivity", "squared_hinge", "sum",
    "top_k_categorical_accuracy", "true_negatives", "true_positives",
)  # fmt: skip
OURS = (
    "exact_match",
    "macro_f1",
    "f1",
    "balanced_accuracy",
    "rmse",
    "r2",
)  # metrics besides Keras'
TASK_LOSSES = {"object_detection": ("centers",), "instance_segmentation": ("centers",)}


def plain(name: str) -> str:
    """Return a name as Keras compares it: AdamW is adamw, MeanSquaredError mean_squared_error."""
    return name.lower().replace("_", "")
