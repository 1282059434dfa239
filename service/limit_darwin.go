package service

// limitMemory cannot be done here: the system has no limit that counts what is mapped.
func limitMemory(uint64) {}
