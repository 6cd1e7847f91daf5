"""The search behind the `tune` stage: KerasTuner's oracles and protocol, made safe to trust."""
