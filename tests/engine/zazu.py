"""A models.json as ZazuML writes it: its own example, a trailing comma mended, and another."""

MODELS_JSON = """
{
  "retinanet": {
    "task": "detection",
    "model_space": {
      "accuracy_rating": 8,
      "speed_rating": 2,
      "memory_rating": 4
    },
    "hp_search_space": [
      {
        "name": "input_size",
        "values": [
          100,
          200,
          300
        ],
        "sampling": null
      },
      {
        "name": "learning_rate",
        "values": [
          1e-4,
          1e-5,
          1e-6
        ]
      }
    ],
    "training_configs": {
      "epochs": 1,
      "depth": 50
    }
  },
  "toy": {
    "task": "detection",
    "model_space": {"accuracy_rating": 0, "speed_rating": 10, "memory_rating": 9}
  }
}
"""
