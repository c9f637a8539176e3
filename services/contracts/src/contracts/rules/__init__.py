"""Rule sets: the law's limits, clocks and duties as versioned data, and what a contract's facts say about each rule."""
