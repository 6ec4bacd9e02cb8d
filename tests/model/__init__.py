"""A model of how a plan is applied, resumed and rolled back, small enough to look at everything that can happen."""
