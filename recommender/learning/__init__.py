"""Learning the blend on a validation part."""
