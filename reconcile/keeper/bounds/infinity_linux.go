package bounds

// infinity is RLIM_INFINITY.
const infinity = 1<<64 - 1
