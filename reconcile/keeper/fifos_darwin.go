package keeper

// memoryFolder is "": macOS has no file system in memory, and an inode on APFS costs little.
func memoryFolder(string) string { return "" }

func isMemoryFolder(string) bool { return false }
