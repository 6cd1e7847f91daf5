"""From raw images and annotations to the datasets a model trains on."""
