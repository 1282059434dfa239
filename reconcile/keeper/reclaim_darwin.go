package keeper

// reclaim: the system gives nobody a descriptor of another process. The witness holds copies; where it died too, the
// address is free again once the program that has the socket ends.
func (k *keeper) reclaim(Socket) int { return -1 }
