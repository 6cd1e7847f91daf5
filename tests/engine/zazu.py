"""ZazuML's files: its own configs.json; its models.json, a trailing comma mended, and another."""

CONFIGS_JSON = """
{
  "max_trials": 5,
  "max_instances_at_once": 2,
  "model_priority_space": [10, 0, 0],
  "task": "detection",
  "data": {
    "coco_path": "/home/noam/data/coco",
    "annotation_type": "coco"
  }
}
"""

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
