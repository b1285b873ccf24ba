"""When does meta-learning help? Places that differ in nothing, in light, in what is normal."""
